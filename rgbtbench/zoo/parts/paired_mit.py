"""A Mix Transformer that two streams share, whose tokens attend to their twins in every block (GeminiFusion).

Jia, Guo, Han, Wu, Zhang, Xu and Chen, "GeminiFusion: Efficient Pixel-wise Multimodal Fusion for Vision Transformer",
ICML 2024, section 3. Layers carry the published names, without the `module` of the authors' wrapper. The streams lie
one after the other along the batch, so that shared layers see them at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rgbtbench.zoo.parts.initialisation import initialise
from rgbtbench.zoo.parts.joined_linear import joined_linear
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
from rgbtbench.zoo.parts.query_hub import SelfQueryHub
from rgbtbench.zoo.parts.stream_norm import StreamNorm

STREAMS: Final = 2
_HEADS: Final = 8


class RelationJudge(nn.Module):
    """Two layers that score the channels of a token beside its twin."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(2 * width, width)
        self.fc2 = nn.Linear(width, width)

    def forward(self, own: Tensor, other: Tensor) -> Tensor:
        """Map tokens (B, N, C) and their twins to shares of the channels (B, N, C) that sum to 1."""
        scores: Tensor = self.fc2(F.gelu(joined_linear(own, other, self.fc1)))
        return scores.softmax(dim=-1)


class PairedAttention(EfficientAttention):
    """Self-attention of each stream, after which every token attends to two: to itself with noise, and to its twin.

    For a token a of stream m with its twin o, and s the judge's shares: keys a + k_noise[m] and a ⊙ s, values
    a + v_noise[m] and o, query a; what is found is added to a. With two keys a softmax is the logistic function of the
    difference of two scores. So one projection of the difference of the keys serves for both, and the value is that of
    the token itself plus a share of the difference of both.
    """

    def __init__(self, width: int, heads: int, reduction: int, *, eps: float) -> None:
        super().__init__(width, heads, reduction, eps=eps)
        if self.reduces:
            self.norm = StreamNorm(width, STREAMS, eps=eps)
        self.cross_attn_0_to_1 = nn.MultiheadAttention(width, _HEADS)
        self.cross_attn_1_to_0 = nn.MultiheadAttention(width, _HEADS)
        self.relation_judger = nn.ModuleList([RelationJudge(width)])
        self.k_noise = nn.Embedding(STREAMS, width)
        self.v_noise = nn.Embedding(STREAMS, width)

    def fuse(self, tokens: Tensor) -> Tensor:
        """Map tokens (2·B, N, C) to the same shape: each with what it found in itself and in its twin."""
        first, second = tokens.chunk(STREAMS)
        return torch.cat((first + self._found(0, first, second), second + self._found(1, second, first)))

    def forward(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Map (2·B, N, C) to the same shape."""
        output: Tensor = self.proj(self.fuse(self.attend(tokens, grid)))
        return output

    def _found(self, stream: int, own: Tensor, other: Tensor) -> Tensor:
        layer = (self.cross_attn_0_to_1, self.cross_attn_1_to_0)[stream]
        to_query, to_key, to_value = layer.in_proj_weight.chunk(3)
        query_bias, _, value_bias = layer.in_proj_bias.chunk(3)
        key_noise, value_noise = self.k_noise.weight[stream] @ to_key.t(), self.v_noise.weight[stream] @ to_value.t()
        query, value = F.linear(
            own, torch.cat((to_query, to_value)), torch.cat((query_bias, value_bias + value_noise))
        ).chunk(2, dim=-1)
        shares: Tensor = self.relation_judger[0](own, other)
        towards_twin = F.linear(own * (shares - 1), to_key, -key_noise)
        change = F.linear(other - own, to_value, -value_noise)
        per_head = (*own.shape[:-1], _HEADS, own.shape[-1] // _HEADS)
        scores = (query * towards_twin).view(per_head).sum(-1, keepdim=True)
        weight = torch.sigmoid(scores / math.sqrt(per_head[-1]))
        found = torch.addcmul(value.view(per_head), weight, change.view(per_head))
        output: Tensor = layer.out_proj(found.flatten(-2))
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
        self.extra = extra
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
