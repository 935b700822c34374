"""Bilinear resizing of maps, quick and repeatable on GPUs too."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def bilinear(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Return maps at another size, corners not aligned, as `torch.nn.functional.interpolate` does.

    On GPUs a training asks for the same gradients every time. torch has them by a way of its own that is many times
    slower; two matrix products have them as well, and differ in the last bits.

    Args:
        maps: (B, C, h, w).
        size: H, W.

    Returns:
        (B, C, H, W) of the same type.
    """
    if maps.is_cuda and torch.is_grad_enabled() and torch.are_deterministic_algorithms_enabled():
        return bilinear_products(maps, size)
    return F.interpolate(maps, tuple(size), mode="bilinear", align_corners=False)


def bilinear_products(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Return the same by two matrix products in single precision, or in double for maps of it; see `bilinear`."""
    with torch.autocast(maps.device.type, enabled=False):
        exact = maps if maps.dtype == torch.float64 else maps.float()
        rows, columns = (_weights(before, after, exact) for before, after in zip(maps.shape[2:], size, strict=True))
        return (rows @ (exact @ columns.T)).to(maps.dtype)


def _weights(before: int, after: int, like: Tensor) -> Tensor:
    """Return what each of `before` places adds to each of `after` places, (after, before)."""
    centres = (torch.arange(after, dtype=like.dtype, device=like.device) + 0.5) * (before / after) - 0.5
    places = torch.arange(before, dtype=like.dtype, device=like.device)
    return (1 - (centres.clamp(0, before - 1)[:, None] - places).abs()).clamp(min=0)
