"""A Mix Transformer that two streams share, whose tokens attend to their twins in every block (GeminiFusion).

Jia, Guo, Han, Wu, Zhang, Xu and Chen, "GeminiFusion: Efficient Pixel-wise Multimodal Fusion for Vision Transformer",
ICML 2024, section 3. Layers carry the published names, without the `module` of the authors' wrapper and with those of
`PairFusion` in one place. The streams lie one after the other along the batch, so that shared layers see them at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rgbtbench.zoo.parts.initialisation import initialise
from rgbtbench.zoo.parts.mit import (
    STAGES,
    EfficientAttention,
    LayerNormEps,
    Mit,
    MitBlock,
    MitSize,
    to_map,
    to_tokens,
)
from rgbtbench.zoo.parts.pair_fusion import STREAMS, PairFusion
from rgbtbench.zoo.parts.query_hub import SelfQueryHub
from rgbtbench.zoo.parts.stream_norm import StreamNorm


class PairedAttention(EfficientAttention):
    """Self-attention of each stream, after which every token attends to itself and to its twin."""

    def __init__(self, width: int, heads: int, reduction: int, *, eps: float) -> None:
        super().__init__(width, heads, reduction, eps=eps)
        if self.reduces:
            self.norm = StreamNorm(width, STREAMS, eps=eps)
        self.fusion = PairFusion(width)

    def forward(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Map (2·B, N, C) to the same shape."""
        output: Tensor = self.proj(self.fusion(self.attend(tokens, grid)))
        return output


class PairedBlock(MitBlock):
    """A block whose attention fuses two streams, with normalisations for each."""

    def __init__(self, stage: int, width: int, *, eps: LayerNormEps, drop_path: float) -> None:
        super().__init__(stage, width, eps=eps, drop_path=drop_path, attention=PairedAttention)
        self.norm1 = StreamNorm(width, STREAMS, eps=eps.block)
        self.norm2 = StreamNorm(width, STREAMS, eps=eps.block)


class PairedMit(Mit):
    """The encoder of GeminiFusion.

    With several modalities beside colour a hub strengthens the map of each in every stage and takes the largest
    values, which are the second stream; the next stage embeds each of them plus that stream's output.

    Args:
        size: widths and depths.
        extra: number of modalities beside colour, from 1.
        eps: of the layer normalisations.
        drop_path: chance of leaving out a branch of the deepest blocks.
    """

    def __init__(self, size: MitSize, *, extra: int, eps: LayerNormEps, drop_path: float) -> None:
        super().__init__(size, eps=eps, drop_path=drop_path, block=PairedBlock)
        self.extra, self.widths = extra, size.widths
        for number, width in enumerate(size.widths, start=1):
            embedding = self.get_submodule(f"patch_embed{number}")
            embedding.add_module("norm", StreamNorm(width, 1 + extra, eps=eps.patch_embed))
            self.add_module(f"norm{number}", StreamNorm(width, STREAMS, eps=eps.stage))
        if extra > 1:
            self.extra_score_predictor = nn.ModuleList(SelfQueryHub(width, extra) for width in size.widths)
            self.extra_score_predictor.apply(initialise)

    def streams(self, images: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Map images (B, 3, H, W), colour first, to the maps of the four stages of both streams, finest first."""
        maps: Sequence[Tensor] = images
        colour, others = [], []
        for stage in range(STAGES):
            tokens, grid = self.embedded(stage, torch.cat(list(maps)))
            own: Sequence[Tensor] = ()
            if self.extra > 1:
                first, *rest = to_map(tokens, grid).chunk(1 + self.extra)
                own, joined = self.extra_score_predictor[stage](rest)
                tokens = torch.cat((to_tokens(first), to_tokens(joined)))
            rgb, x = self.transformed(stage, tokens, grid).chunk(STREAMS)
            colour.append(rgb)
            others.append(x)
            maps = [rgb, *(features + x for features in own)] if self.extra > 1 else [rgb, x]
        return colour, others
