"""What every detector is behind its feature pyramid: from levels to losses, and from levels to detections."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torchvision.ops import batched_nms

#: Height and width of an image in the network's frame, without padding.
Extent = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Targets:
    """Boxes of one image in the network's frame, each with an area.

    Attributes:
        boxes: float32 (N, 4) as x1 y1 x2 y2.
        classes: int64 (N,), output indices; of no meaning where `ignore`.
        ignore: bool (N,), regions that teach nothing.
    """

    boxes: Tensor
    classes: Tensor
    ignore: Tensor


@dataclass(frozen=True, slots=True)
class Detections:
    """Detections of one image in the network's frame, surest first.

    Attributes:
        boxes: float32 (N, 4) as x1 y1 x2 y2.
        scores: float32 (N,) from 0 to 1.
        labels: int64 (N,), class ids.
    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor


@dataclass(frozen=True, slots=True)
class Limits:
    """Which detections are kept.

    Attributes:
        score: only those above it.
        overlap: IoU above which the weaker one of a class goes.
        count: at most so many of an image.
    """

    score: float
    overlap: float
    count: int


class Detector(nn.Module, ABC):
    """Heads on the levels of a pyramid, each level float (B, C, H, W), finest first.

    Attributes:
        ranked: whether the places of `everywhere` are chosen and ranked by what the network says.
    """

    ranked: ClassVar[bool] = False

    @abstractmethod
    def losses(
        self, levels: Sequence[Tensor], targets: Sequence[Targets], *, extents: Sequence[Extent], valid: Tensor
    ) -> dict[str, Tensor]:
        """Return the named terms of the loss.

        Args:
            levels: of the pyramid.
            targets: of each of the B images.
            extents: of each image.
            valid: bool (B,); images that only fill the batch count nowhere.
        """

    @abstractmethod
    def detections(
        self, levels: Sequence[Tensor], *, extents: Sequence[Extent], class_ids: Tensor, limits: Limits
    ) -> list[Detections]:
        """Return what is found in each image.

        Args:
            levels: of the pyramid.
            extents: of each image; boxes are clipped to it, and those without an area then are dropped.
            class_ids: int64 (C,), the class of each output; see `rgbtbench.zoo.answers`.
            limits: which detections are kept.
        """

    @abstractmethod
    def everywhere(self, levels: Sequence[Tensor], extent: Extent) -> tuple[Tensor, Tensor]:
        """Return what the last stage says at every place that it looks at, without clipping, choosing or suppressing.

        Args:
            levels: of the pyramid.
            extent: of all images.

        Returns:
            float32 (B, L, 4), boxes as x1 y1 x2 y2, or (B, L, C, 4) where each output has a box of its own; and
            float32 (B, L, C), scores from 0 to 1.
        """


def clipped(boxes: Tensor, extent: Extent) -> Tensor:
    """Return boxes (..., 4) without what lies outside the image."""
    height, width = extent
    # Sides stay what they are: of a graph for any size they are no numbers yet.
    return torch.stack((boxes[..., 0::2].clamp(0, width), boxes[..., 1::2].clamp(0, height)), dim=-1).flatten(-2)


def has_area(boxes: Tensor) -> Tensor:
    """Return which boxes (..., 4) have an area, bool (...)."""
    return (boxes[..., 2:] > boxes[..., :2]).all(dim=-1)


def strongest(boxes: Tensor, scores: Tensor, labels: Tensor, limits: Limits) -> Detections:
    """Return the detections of one image that have an area and no stronger neighbour of their class.

    Args:
        boxes: float32 (N, 4), clipped.
        scores: float32 (N,), those below the limit already gone.
        labels: int64 (N,), class ids.
        limits: which are kept.
    """
    solid = has_area(boxes)
    boxes, scores, labels = boxes[solid], scores[solid], labels[solid]
    kept = batched_nms(boxes, scores, labels, limits.overlap)[: limits.count]
    return Detections(boxes[kept], scores[kept], labels[kept])
