"""From four maps of a plain Vision Transformer to four scales, as BEiT and MAE segment.

Bao, Dong, Piao and Wei, "BEiT: BERT Pre-Training of Image Transformers", ICLR 2022. Names are those of mmsegmentation's
Feature2Pyramid.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn


class FourScales(nn.Module):
    """Maps of the same size become 4 and 2 times as fine, stay, and become half as fine.

    Args:
        width: channels of every map, before and after.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.upsample_4x = nn.Sequential(
            nn.ConvTranspose2d(width, width, 2, stride=2),
            nn.BatchNorm2d(width),
            nn.GELU(),
            nn.ConvTranspose2d(width, width, 2, stride=2),
        )
        self.upsample_2x = nn.Sequential(nn.ConvTranspose2d(width, width, 2, stride=2))

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Map four (B, width, h, w) to (B, width, 4h, 4w), (B, width, 2h, 2w), (B, width, h, w) and half of that."""
        first, second, third, fourth = maps
        return [self.upsample_4x(first), self.upsample_2x(second), third, F.max_pool2d(fourth, 2)]
