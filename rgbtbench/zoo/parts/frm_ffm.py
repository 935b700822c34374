"""Feature rectification and feature fusion of CMX, which CMNeXt takes over.

Zhang, Liu, Yang, Hu, Liu and Stiefelhagen, "CMX: Cross-Modal Fusion for RGB-X Semantic Segmentation with
Transformers", IEEE T-ITS 2023, sections III-B and III-C. Layers carry the published names. Both modules work on tokens,
which maps in channels-last order are without a copy.
"""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rgbtbench.zoo.parts.initialisation import initialise
from rgbtbench.zoo.parts.joined_linear import joined_linear
from rgbtbench.zoo.parts.mit import Grid, to_map, to_tokens

#: Shares of what the channel weights and the spatial weights let through, λ_C and λ_S of the paper.
_CHANNEL_SHARE = _SPATIAL_SHARE = 0.5


class _ChannelWeights(nn.Module):
    """A weight in [0, 1] for each channel of both modalities, from their means and maxima over the image."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(4 * width, 4 * width), nn.ReLU(), nn.Linear(4 * width, 2 * width))

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Map tokens (B, N, C) to two weights (B, 1, C)."""
        pooled = [first.mean(1), second.mean(1), first.max(1).values, second.max(1).values]
        of_first, of_second = self.mlp(torch.cat(pooled, dim=1)).sigmoid()[:, None].chunk(2, dim=2)
        return of_first, of_second


class _SpatialWeights(nn.Module):
    """A weight in [0, 1] for each place of both modalities."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Conv2d(2 * width, width, 1), nn.ReLU(), nn.Conv2d(width, 2, 1))

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Map tokens (B, N, C) to two weights (B, N, 1)."""
        mixing, scoring = cast("nn.Conv2d", self.mlp[0]), cast("nn.Conv2d", self.mlp[2])
        hidden = F.relu(joined_linear(first, second, mixing))
        of_first, of_second = F.linear(hidden, scoring.weight.flatten(1), scoring.bias).sigmoid().chunk(2, dim=2)
        return of_first, of_second


class FeatureRectification(nn.Module):
    """Each modality takes from the other what that one's channels and places are weighted with (FRM)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.channel_weights = _ChannelWeights(width)
        self.spatial_weights = _SpatialWeights(width)
        self.apply(initialise)

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Map two maps (B, C, H, W) to two of the same shape."""
        grid = (first.shape[2], first.shape[3])
        first, second = to_tokens(first), to_tokens(second)
        channels, places = self.channel_weights(first, second), self.spatial_weights(first, second)
        of_first, of_second = (
            _CHANNEL_SHARE * channel + _SPATIAL_SHARE * place for channel, place in zip(channels, places, strict=True)
        )
        return to_map(torch.addcmul(first, of_second, second), grid), to_map(
            torch.addcmul(second, of_first, first), grid
        )


class _CrossAttention(nn.Module):
    """Holds the layers that give keys and values of each modality."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.kv1 = nn.Linear(width, 2 * width, bias=False)
        self.kv2 = nn.Linear(width, 2 * width, bias=False)


class _CrossPath(nn.Module):
    """Both modalities exchange their global contexts (stage 1 of the fusion)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.channel_proj1 = nn.Linear(width, 2 * width)
        self.channel_proj2 = nn.Linear(width, 2 * width)
        self.cross_attn = _CrossAttention(width)
        self.end_proj1 = nn.Linear(2 * width, width)
        self.end_proj2 = nn.Linear(2 * width, width)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Map tokens (B, N, C) of both modalities to the same shapes."""
        residual1, query1 = F.relu(self.channel_proj1(first)).chunk(2, dim=2)
        residual2, query2 = F.relu(self.channel_proj2(second)).chunk(2, dim=2)
        context1 = self._context(query1, self.cross_attn.kv1)
        context2 = self._context(query2, self.cross_attn.kv2)
        first = first + self._attended(residual1, query1, context2, self.end_proj1)
        second = second + self._attended(residual2, query2, context1, self.end_proj2)
        return self.norm1(first), self.norm2(second)

    def _context(self, query: Tensor, layer: nn.Linear) -> Tensor:
        """Return what a modality offers as a whole: (B, heads, d, d), each column a distribution over keys."""
        batch, count, width = query.shape
        depth = width // self.heads
        key, value = layer(query).view(batch, count, 2, self.heads, depth).permute(2, 0, 3, 1, 4)
        return torch.softmax(key.transpose(2, 3) @ value / math.sqrt(depth), dim=2)

    def _attended(self, residual: Tensor, query: Tensor, context: Tensor, layer: nn.Linear) -> Tensor:
        """Return `layer` of the residual and, beside it, of the query times the other modality's context.

        The context and the layer are multiplied first: both are small, the query is not.
        """
        width = query.shape[2]
        own, other = layer.weight.chunk(2, dim=1)
        mixing = context @ other.t().reshape(self.heads, -1, width)
        return torch.baddbmm(F.linear(residual, own, layer.bias), query, mixing.flatten(1, 2))


class _ChannelEmbedding(nn.Module):
    """Two maps become one (stage 2 of the fusion)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.residual = nn.Conv2d(2 * width, width, 1, bias=False)
        self.channel_embed = nn.Sequential(
            nn.Conv2d(2 * width, width, 1),
            nn.Conv2d(width, width, 3, padding=1, groups=width),
            nn.ReLU(),
            nn.Conv2d(width, width, 1),
            nn.BatchNorm2d(width),
        )
        self.norm = nn.BatchNorm2d(width)

    def forward(self, first: Tensor, second: Tensor, grid: Grid) -> Tensor:
        """Map tokens (B, H·W, C) of both modalities to a map (B, C, H, W)."""
        joining, *rest = self.channel_embed
        embedded = to_map(joined_linear(first, second, cast("nn.Conv2d", joining)), grid)
        for layer in rest:
            embedded = layer(embedded)
        output: Tensor = self.norm(to_map(joined_linear(first, second, self.residual), grid) + embedded)
        return output


class FeatureFusion(nn.Module):
    """Two maps of the modalities become one, after exchanging their global contexts (FFM)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.cross = _CrossPath(width, heads)
        self.channel_emb = _ChannelEmbedding(width)
        self.apply(initialise)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Map two maps (B, C, H, W) to one of the same shape."""
        grid = (first.shape[2], first.shape[3])
        output: Tensor = self.channel_emb(*self.cross(to_tokens(first), to_tokens(second)), grid)
        return output
