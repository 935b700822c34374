"""Two images of one scene through one encoder: as neighbours of a batch twice as large, and side by side afterwards."""

from __future__ import annotations

import torch
from torch import Tensor


def folded(first: Tensor, second: Tensor) -> Tensor:
    """Put images (B, C, H, W) of the same scenes next to each other: (2B, C, H, W), scene by scene."""
    return torch.stack((first, second), dim=1).flatten(0, 1)


def unfolded(features: Tensor) -> Tensor:
    """Put what an encoder made of `folded` images (2B, D, h, w) side by side: (B, 2D, h, w), the first one's first."""
    count, width, height, length = features.shape
    return features.reshape(count // 2, 2 * width, height, length)
