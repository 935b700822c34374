"""Layer normalisations of several streams that share all other layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class StreamNorm(nn.ModuleDict):
    """One layer normalisation for each stream; the streams lie one after the other along the batch.

    Args:
        width: channels.
        streams: number of them.
        eps: added to the variance.
    """

    def __init__(self, width: int, streams: int, *, eps: float) -> None:
        super().__init__({f"ln_{number}": nn.LayerNorm(width, eps=eps) for number in range(streams)})

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (streams·B, N, width) to the same shape."""
        parts = tokens.chunk(len(self))
        return torch.cat([norm(part) for norm, part in zip(self.values(), parts, strict=True)])
