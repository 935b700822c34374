"""Counting parameters: each tensor once, however many modules share it; buffers are none."""

from __future__ import annotations

from torch import nn


def count_parameters(module: nn.Module) -> int:
    """Return how many numbers training could change, frozen ones among them."""
    return sum(parameter.numel() for parameter in module.parameters())


def count_trainable(module: nn.Module) -> int:
    """Return how many numbers training changes as the module stands."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
