"""A Swin Transformer that two streams share, whose tokens attend to their twins in every block (GeminiFusion).

Jia, Guo, Han, Wu, Zhang, Xu and Chen, "GeminiFusion: Efficient Pixel-wise Multimodal Fusion for Vision Transformer",
ICML 2024. What tokens found in their window, projected, is fused. Other than in the Mix Transformer, normalisations
within blocks are shared; those of the embedding and of the stages' outputs are each stream's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from rgbtbench.zoo.parts.mit import Grid, to_map
from rgbtbench.zoo.parts.pair_fusion import STREAMS, PairFusion
from rgbtbench.zoo.parts.stream_norm import StreamNorm
from rgbtbench.zoo.parts.swin import Swin, SwinBlock, SwinSize

_STREAM_EPS: Final = 1e-6


class PairedSwinBlock(SwinBlock):
    """A block whose attention is followed by the fusion of two streams."""

    def __init__(self, width: int, heads: int, window: int, *, shift: int, drop_path: float) -> None:
        super().__init__(width, heads, window, shift=shift, drop_path=drop_path)
        self.fusion = PairFusion(width)

    def mixed(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Return what normalised tokens (2·B, N, C) find in each other, and in their twins."""
        output: Tensor = self.fusion(super().mixed(tokens, grid))
        return output


class PairedSwin(Swin):
    """The encoder of GeminiFusion.

    Args:
        size: widths, depths, heads and windows.
        drop_path: chance of leaving out a branch of the deepest block.
    """

    def __init__(self, size: SwinSize, *, drop_path: float) -> None:
        super().__init__(size, drop_path=drop_path, block=PairedSwinBlock)
        self.widths = size.widths
        self.patch_embed.norm = StreamNorm(size.width, STREAMS, eps=_STREAM_EPS)
        for stage, width in enumerate(size.widths):
            self.add_module(f"norm{stage}", StreamNorm(width, STREAMS, eps=_STREAM_EPS))

    def streams(self, images: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Map two images (B, 3, H, W), colour first, to the maps of the four stages of both streams, finest first."""
        colour, other = [], []
        for stage, (tokens, grid) in enumerate(self.stages(torch.cat(list(images)))):
            rgb, x = to_map(self.get_submodule(f"norm{stage}")(tokens), grid).chunk(STREAMS)
            colour.append(rgb)
            other.append(x)
        return colour, other
