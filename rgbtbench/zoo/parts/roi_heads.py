"""What Faster and Mask R-CNN say of each proposal: its class, its box, and a mask.

Ren et al., NeurIPS 2015; He, Gkioxari, Dollár and Girshick, "Mask R-CNN", ICCV 2017. Names are those of mmdetection's
ViTDet; the background is the last class.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
import torchvision  # noqa: F401  # its operators are registered by this
from torch import Tensor, nn

from rgbtbench.zoo.parts.simple_fpn import NormedConv

#: Side of a proposal's features for the box head and for the mask head.
BOX_SIDE: Final = 7
MASK_SIDE: Final = 14
#: Proposals whose root of area is below twice this many strides of the finest level are looked at there.
_FINEST: Final = 14


@dataclass(frozen=True, slots=True)
class Pooling:
    """How features of a proposal are read from a level.

    Attributes:
        aligned: whether places of features are the centres of pixels, not their corners (half a pixel apart).
        samples: points along each side of a cell; 0 for as many as the cell is wide.
    """

    aligned: bool
    samples: int


def placed(boxes: Sequence[Tensor]) -> Tensor:
    """Return boxes float32 (R_b, 4) of each image as places (R, 5): the image's number, then the box."""
    return torch.cat([torch.cat((box.new_full((len(box), 1), row), box), 1) for row, box in enumerate(boxes)])


def pooled(levels: Sequence[Tensor], places: Tensor, *, strides: Sequence[float], side: int, rule: Pooling) -> Tensor:
    """Return features float32 (R, C, side, side) of boxes, each read from the level that suits its size.

    Args:
        levels: (B, C, h, w), finest first, each half as fine as the one before.
        places: float32 (R, 5), the number of the image and the box.
        strides: of the levels.
        side: of the result.
        rule: how.
    """
    roots = (places[:, 3:] - places[:, 1:3]).prod(dim=1).sqrt()
    wanted = (roots / (_FINEST * strides[0]) + 1e-6).log2().floor().clamp(0, len(levels) - 1)
    features = places.new_zeros(places.shape[0], levels[0].shape[1], side, side)
    for number, (level, stride) in enumerate(zip(levels, strides, strict=True)):
        here = (wanted == number).nonzero()[:, 0]
        # The operator itself: where kernels shall be repeatable, torchvision's function takes another way on GPUs,
        # which looks at every place of a level for every cell of every box if `samples` is 0, and never ends.
        features[here] = torch.ops.torchvision.roi_align(
            level.float(), places[here], 1 / stride, side, side, rule.samples, rule.aligned
        )
    return features


class BoxHead(nn.Module):
    """Class logits and told boxes of each proposal.

    Args:
        channels: of features.
        classes: without the background.
        convolutions: 3×3, each with a layer normalisation, before the first linear layer.
        linear: number of hidden linear layers.
        width: of these.
        eps: of the normalisations.
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        convolutions: int = 0,
        linear: int = 2,
        width: int = 1024,
        eps: float = 1e-6,
    ) -> None:
        super().__init__()
        self.classes = classes
        self.shared_convs = nn.ModuleList(NormedConv(channels, channels, 3, eps=eps) for _ in range(convolutions))
        widths = (channels * BOX_SIDE**2, *[width] * linear)
        self.shared_fcs = nn.ModuleList(nn.Linear(i, o) for i, o in itertools.pairwise(widths))
        self.fc_cls = nn.Linear(widths[-1], classes + 1)
        self.fc_reg = nn.Linear(widths[-1], 4 * classes)
        for layer, deviation in ((self.fc_cls, 0.01), (self.fc_reg, 0.001)):
            nn.init.normal_(layer.weight, std=deviation)
            nn.init.zeros_(layer.bias)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Map (R, channels, 7, 7) to logits (R, classes + 1) and told boxes (R, classes, 4)."""
        for convolution in self.shared_convs:
            features = torch.relu(convolution(features))
        hidden = features.flatten(1)
        for layer in self.shared_fcs:
            hidden = torch.relu(layer(hidden))
        return self.fc_cls(hidden), self.fc_reg(hidden).unflatten(1, (self.classes, 4))


class MaskHead(nn.Module):
    """A mask of each class for each proposal.

    Args:
        channels: of features.
        classes: without the background.
        eps: of the normalisations.
    """

    def __init__(self, channels: int, classes: int, *, eps: float = 1e-6) -> None:
        super().__init__()
        self.convs = nn.ModuleList(NormedConv(channels, channels, 3, eps=eps) for _ in range(4))
        self.upsample = nn.ConvTranspose2d(channels, channels, 2, stride=2)
        self.conv_logits = nn.Conv2d(channels, classes, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Map (R, channels, 14, 14) to logits (R, classes, 28, 28)."""
        for convolution in self.convs:
            features = torch.relu(convolution(features))
        logits: Tensor = self.conv_logits(torch.relu(self.upsample(features)))
        return logits


def box_masks(boxes: Tensor, proposals: Tensor, side: int) -> Tensor:
    """Return the part of a filled box that lies in each proposal, as a mask.

    Args:
        boxes: float32 (N, 4).
        proposals: float32 (N, 4).
        side: cells along each side of a mask.

    Returns:
        float32 (N, side, side): 1 where at least half of a cell lies in the box.
    """
    steps = torch.linspace(0, 1, side + 1, device=boxes.device)
    shares = []
    for axis in (1, 0):
        low, high = proposals[:, axis, None], proposals[:, axis + 2, None]
        edges = low + steps * (high - low)
        inside = edges.clamp(boxes[:, axis, None], boxes[:, axis + 2, None]).diff(dim=1)
        shares.append(inside / edges.diff(dim=1).clamp(min=1e-6))
    down, right = shares
    return (down[:, :, None] * right[:, None] >= 0.5).float()
