"""Boxes told relative to other boxes, as in R-CNN (Girshick et al., CVPR 2014)."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

#: No box is taken for more than so many times as wide or high as the one that it is told by.
_LARGEST: Final = math.log(1000 / 16)


def encoded(boxes: Tensor, anchors: Tensor, deviations: Tensor) -> Tensor:
    """Return what a head has to say of `anchors` (N, 4) for them to become `boxes` (N, 4).

    Args:
        boxes: float32 as x1 y1 x2 y2, each with an area.
        anchors: the same.
        deviations: float32 (4,), that the offsets of centre and the logarithms of size are divided by.
    """
    centres, sizes = _parts(boxes)
    from_centres, from_sizes = _parts(anchors)
    told = torch.cat(((centres - from_centres) / from_sizes, (sizes / from_sizes).log()), dim=-1)
    return told / deviations


def decoded(told: Tensor, anchors: Tensor, deviations: Tensor) -> Tensor:
    """Return the boxes (..., 4) that a head tells of `anchors` (..., 4); the inverse of `encoded`."""
    centres, sizes = _parts(anchors)
    moved = told * deviations
    middle = centres + moved[..., :2] * sizes
    half = sizes * moved[..., 2:].clamp(max=_LARGEST).exp() / 2
    return torch.cat((middle - half, middle + half), dim=-1)


def _parts(boxes: Tensor) -> tuple[Tensor, Tensor]:
    sizes = boxes[..., 2:] - boxes[..., :2]
    return boxes[..., :2] + sizes / 2, sizes
