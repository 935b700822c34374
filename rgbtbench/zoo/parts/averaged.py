"""Late fusion: several networks answer, and their answers are averaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Averaged(nn.Module):
    """Heads that each see their share of the channels, and whose outputs are averaged.

    Args:
        heads: all alike; they take a map (B, C, …), or a list of them, and give tensors, alone or in tuples or
            mappings.
    """

    def __init__(self, heads: Sequence[nn.Module]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(heads)

    def forward(self, features: Tensor | Sequence[Tensor]) -> Any:
        """Map features (B, heads · C, …) to the heads' average output."""
        return _mean([head(part) for head, part in zip(self.heads, _parts(features, len(self.heads)), strict=True)])


def averaged(build: Callable[[], nn.Module], copies: int) -> nn.Module:
    """Return one head as it is, or several whose outputs are averaged."""
    return build() if copies == 1 else Averaged([build() for _ in range(copies)])


def _parts(features: Tensor | Sequence[Tensor], count: int) -> Sequence[Any]:
    if isinstance(features, Tensor):
        return features.chunk(count, dim=1)
    return list(zip(*(level.chunk(count, dim=1) for level in features), strict=True))


def _mean(outputs: Sequence[Any]) -> Any:
    first = outputs[0]
    if isinstance(first, Tensor):
        return torch.stack(list(outputs)).mean(dim=0)
    if isinstance(first, Mapping):
        return {name: _mean([output[name] for output in outputs]) for name in first}
    return tuple(_mean(parts) for parts in zip(*outputs, strict=True))
