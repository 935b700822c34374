"""SimpleFPN: a feature pyramid from the one map of a plain backbone.

Li, Mao, Girshick and He, "Exploring Plain Vision Transformer Backbones for Object Detection", ECCV 2022. Names are
those of mmdetection's ViTDet.
"""

from __future__ import annotations

from typing import Final

import torch.nn.functional as F
from torch import Tensor, nn

#: Scales of the pyramid beside the backbone's own, finest first: 4 and 2 times as fine, the same, half as fine.
SCALES: Final = (4.0, 2.0, 1.0, 0.5)


class LayerNorm2d(nn.LayerNorm):
    """Normalisation over the channels of each place of a map."""

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, C, H, W) to the same shape."""
        return super().forward(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class NormedConv(nn.Module):
    """Convolution without bias, and a layer normalisation of what it gives; no activation."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, eps: float) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        self.norm_layer = LayerNorm2d(outputs, eps=eps)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, H, W)."""
        output: Tensor = self.norm_layer(self.conv(features))
        return output


class SimpleFpn(nn.Module):
    """The pyramid.

    Args:
        inputs: channels of the map that comes in.
        stride: of that map in pixels; `strides` are those of the levels: 4, 8, 16, 32, 64 for 16.
        outputs: channels of every level.
        eps: of the layer normalisations: 1e-6 in Detectron2, 1e-5 in mmdetection.
        extra: whether a coarsest level is added, which takes every second place of the last one.
    """

    def __init__(
        self, inputs: int, *, stride: float = 16, outputs: int = 256, eps: float = 1e-6, extra: bool = True
    ) -> None:
        super().__init__()
        self.extra = extra
        self.strides = tuple(stride / scale for scale in ((*SCALES, SCALES[-1] / 2) if extra else SCALES))
        half, quarter = inputs // 2, inputs // 4
        self.fpn1 = nn.Sequential(
            nn.ConvTranspose2d(inputs, half, 2, stride=2),
            LayerNorm2d(half, eps=eps),
            nn.GELU(),
            nn.ConvTranspose2d(half, quarter, 2, stride=2),
        )
        self.fpn2 = nn.Sequential(nn.ConvTranspose2d(inputs, half, 2, stride=2))
        widths = (quarter, half, inputs, inputs)
        self.lateral_convs = nn.ModuleList(NormedConv(width, outputs, 1, eps=eps) for width in widths)
        self.fpn_convs = nn.ModuleList(NormedConv(outputs, outputs, 3, eps=eps) for _ in widths)

    def forward(self, features: Tensor) -> list[Tensor]:
        """Map (B, inputs, H, W) to levels (B, outputs, H · scale, W · scale), finest first; odd sides lose a place."""
        scaled = (self.fpn1(features), self.fpn2(features), features, F.max_pool2d(features, 2))
        levels = [
            fine(lateral(level))
            for level, lateral, fine in zip(scaled, self.lateral_convs, self.fpn_convs, strict=True)
        ]
        if self.extra:
            levels.append(F.max_pool2d(levels[-1], 1, stride=2))
        return levels
