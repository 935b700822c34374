"""How CMNeXt brings any number of modalities into one branch: a shared patch embedding and the Self-Query Hub.

Zhang et al., "Delivering Arbitrary-Modal Semantic Segmentation", CVPR 2023, section 3.2. Layers carry the published
names.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import cast

import torch
from torch import Tensor, nn

from rgbtbench.zoo.parts.mit import to_map, to_tokens


class SharedPatchEmbed(nn.Module):
    """One strided convolution for all modalities, and a layer normalisation for each."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int, modalities: int, eps: float) -> None:
        super().__init__()
        self.proj = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2)
        self.norm = nn.ModuleDict({f"ln_{number}": nn.LayerNorm(outputs, eps=eps) for number in range(modalities)})

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Map one (B, inputs, H, W) of each modality to one (B, outputs, h, w) of each."""
        embedded = self.proj(torch.cat(list(maps)))
        grid = (embedded.shape[2], embedded.shape[3])
        parts = to_tokens(embedded).chunk(len(maps))
        return [to_map(norm(part), grid) for norm, part in zip(self.norm.values(), parts, strict=True)]


class SelfQueryHub(nn.Module):
    """Each modality scores its own places; what scores high is strengthened, and the largest values are taken."""

    def __init__(self, width: int, modalities: int) -> None:
        super().__init__()
        self.score_nets = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1, groups=width), nn.Conv2d(width, 1, 1), nn.Sigmoid())
            for _ in range(modalities)
        )

    def forward(self, maps: Sequence[Tensor]) -> tuple[list[Tensor], Tensor]:
        """Return each modality's strengthened map (B, C, H, W), and their element-wise maximum."""
        strengthened = [
            torch.addcmul(features, cast("Tensor", score(features)), features)
            for score, features in zip(self.score_nets, maps, strict=True)
        ]
        return strengthened, reduce(torch.maximum, strengthened)
