"""The block of CMNeXt's second branch: parallel pooling mixer (PPX), channel gate, convolutional feed-forward network.

Zhang, Liu, Shi, Yang, Reiß, Peng, Fu, Wang and Stiefelhagen, "Delivering Arbitrary-Modal Semantic Segmentation", CVPR
2023, section 3.3. Layers carry the published names; maps are (B, C, H, W), fastest in channels-last order.
"""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from rgbtbench.zoo.parts.mit import DepthwiseConv

#: Sides of the squares whose means are added to the map.
POOLS: Final = (3, 7, 11)
_LAYER_SCALE = 1e-2


def mean_around(features: Tensor, side: int) -> Tensor:
    """Return the mean over the part of a square around each place that lies inside the map.

    Rows first and columns then: 2·side numbers are read for each place instead of side², and as all rows of a square
    are cut off at the same columns, the mean of the means is the mean.

    Args:
        features: (B, C, H, W).
        side: of the square, odd.
    """
    around = side // 2
    rows = F.avg_pool2d(features, (1, side), stride=1, padding=(0, around), count_include_pad=False)
    return F.avg_pool2d(rows, (side, 1), stride=1, padding=(around, 0), count_include_pad=False)


class ParallelPooling(nn.Module):
    """A weight in [0, 1] for each number of a map, from its surroundings at several scales; the map is added to it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.conv4 = nn.Conv2d(width, width, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, width, H, W) to the same shape."""
        local = self.conv0(features)
        total = local
        for side in POOLS:
            total = total + mean_around(local, side)
        return torch.addcmul(features, self.conv4(total).sigmoid(), features)


class ConvFfn(nn.Module):
    """Feed-forward network of 1×1 convolutions around a depth-wise one."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(width, hidden, 1)
        self.dwconv = DepthwiseConv(hidden)
        self.fc2 = nn.Conv2d(hidden, width, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, width, H, W) to the same shape."""
        output: Tensor = self.fc2(F.gelu(self.dwconv(self.fc1(features))))
        return output


class MspaBlock(nn.Module):
    """Mixer beside a shortcut; feed-forward network beside a shortcut whose channels are gated.

    Args:
        width: channels.
        ratio: of the feed-forward network's hidden channels to `width`.
        drop_path: chance of leaving out a branch in training.
    """

    def __init__(self, width: int, *, ratio: int, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(width)
        self.attn = ParallelPooling(width)
        self.norm2 = nn.BatchNorm2d(width)
        self.mlp = ConvFfn(width, ratio * width)
        self.layer_scale_1 = nn.Parameter(torch.full((width,), _LAYER_SCALE))
        self.layer_scale_2 = nn.Parameter(torch.full((width,), _LAYER_SCALE))
        self.c_nets = nn.Sequential(nn.Conv1d(1, 1, 3, padding=1, bias=False), nn.Sigmoid())
        self.drop_path = StochasticDepth(drop_path, "row")

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, width, H, W) to the same shape."""
        mixed = self.drop_path(self.attn(self.norm1(features)))
        features = torch.addcmul(features, self.layer_scale_1[:, None, None], mixed)
        gate = self.c_nets(features.mean((2, 3))[:, None])[:, 0, :, None, None]
        changed = self.drop_path(self.mlp(self.norm2(features)))
        return torch.addcmul(gate * features, self.layer_scale_2[:, None, None], changed)
