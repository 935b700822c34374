"""A linear layer on two inputs side by side, without putting them side by side."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def joined_linear(first: Tensor, second: Tensor, layer: nn.Linear | nn.Conv2d) -> Tensor:
    """Return `layer(cat(first, second))`: each half of the weight meets its own input, and the products are summed.

    Args:
        first: tokens (B, N, C).
        second: tokens of the same shape.
        layer: linear, or a 1×1 convolution, from 2C channels.

    Returns:
        (B, N, outputs).
    """
    left, right = layer.weight.flatten(1).chunk(2, dim=1)
    batch, count, width = first.shape
    product = F.linear(first.reshape(-1, width), left, layer.bias)
    return torch.addmm(product, second.reshape(-1, width), right.t()).view(batch, count, -1)
