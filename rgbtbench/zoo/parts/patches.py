"""Images as lists of patches and back, and the pixels that masked autoencoders reconstruct."""

from __future__ import annotations

from typing import Final

from torch import Tensor

from rgbtbench.zoo.parts.mit import Grid

#: Added to the variance of a patch.
_EPS: Final = 1e-6


def to_patches(image: Tensor, patch: int) -> Tensor:
    """Return an image (B, C, H, W) as (B, L, patch · patch · C): patches and pixels row by row, channels fastest."""
    count, channels, height, width = image.shape
    cut = image.reshape(count, channels, height // patch, patch, width // patch, patch)
    return cut.permute(0, 2, 4, 3, 5, 1).reshape(count, -1, patch * patch * channels)


def to_image(patches: Tensor, grid: Grid, patch: int) -> Tensor:
    """Return the image (B, C, H, W) of which `to_patches` gave the patches."""
    cut = patches.reshape(len(patches), *grid, patch, patch, -1)
    return cut.permute(0, 5, 1, 3, 2, 4).reshape(len(patches), -1, grid[0] * patch, grid[1] * patch)


def standardised(patches: Tensor) -> Tensor:
    """Return each patch (..., pixels) with mean 0 and variance 1 over its own pixels, as MAE predicts them."""
    mean, deviation = _moments(patches)
    return (patches - mean) / deviation


def as_standardised(pixels: Tensor, patches: Tensor) -> Tensor:
    """Return standardised pixels (..., pixels) with the mean and variance of the patches that they stand for."""
    mean, deviation = _moments(patches)
    return pixels * deviation + mean


def _moments(patches: Tensor) -> tuple[Tensor, Tensor]:
    return patches.mean(dim=-1, keepdim=True), (patches.var(dim=-1, keepdim=True) + _EPS).sqrt()
