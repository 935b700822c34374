"""What the tokens of two streams take from each other: each attends to itself and to its twin (GeminiFusion).

Jia, Guo, Han, Wu, Zhang, Xu and Chen, "GeminiFusion: Efficient Pixel-wise Multimodal Fusion for Vision Transformer",
ICML 2024, section 3. The streams lie one after the other along the batch. Layers carry the published names.
"""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rgbtbench.zoo.parts.joined_linear import joined_linear

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


class PairFusion(nn.Module):
    """Every token attends to two: to itself with noise, and to its twin.

    For a token a of stream m with its twin o, and s the judge's shares: keys a + k_noise[m] and a ⊙ s, values
    a + v_noise[m] and o, query a; what is found is added to a. With two keys a softmax is the logistic function of the
    difference of two scores. So one projection of the difference of the keys serves for both, and the value is that of
    the token itself plus a share of the difference of both.

    Args:
        width: channels, a multiple of 8, the number of heads.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.cross_attn_0_to_1 = nn.MultiheadAttention(width, _HEADS)
        self.cross_attn_1_to_0 = nn.MultiheadAttention(width, _HEADS)
        self.relation_judger = nn.ModuleList([RelationJudge(width)])
        self.k_noise = nn.Embedding(STREAMS, width)
        self.v_noise = nn.Embedding(STREAMS, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (2·B, N, C) to the same shape: each with what it found in itself and in its twin."""
        first, second = tokens.chunk(STREAMS)
        return torch.cat((first + self._found(0, first, second), second + self._found(1, second, first)))

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
