"""What every detector is behind its feature pyramid: from levels to losses, and from levels to detections."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torchvision.ops import batched_nms

from rgbtbench.errors import RecipeError

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
    """Heads on the levels of a pyramid, each level float (B, C, H, W), finest first."""

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

    def everywhere(self, levels: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return what is said at every place, without clipping, choosing or suppressing anything.

        Args:
            levels: of the pyramid.

        Returns:
            float32 (B, L, 4), boxes as x1 y1 x2 y2, and float32 (B, L, C), scores from 0 to 1.

        Raises:
            RecipeError: the detector has no such fixed places.
        """
        raise RecipeError(
            "its second stage looks at as many regions as the first proposes, which a graph of fixed steps cannot hold",
            remedy="use it from Python (rgbtbench.load_model), or a detector of one stage such as two_stream_fcos",
        )


def clipped(boxes: Tensor, extent: Extent) -> Tensor:
    """Return boxes (..., 4) without what lies outside the image."""
    height, width = extent
    return boxes.clamp(min=0).minimum(boxes.new_tensor((width, height, width, height)))


def strongest(boxes: Tensor, scores: Tensor, labels: Tensor, limits: Limits) -> Detections:
    """Return the detections of one image that have an area and no stronger neighbour of their class.

    Args:
        boxes: float32 (N, 4), clipped.
        scores: float32 (N,), those below the limit already gone.
        labels: int64 (N,), class ids.
        limits: which are kept.
    """
    solid = (boxes[:, 2:] > boxes[:, :2]).all(dim=1)
    boxes, scores, labels = boxes[solid], scores[solid], labels[solid]
    kept = batched_nms(boxes, scores, labels, limits.overlap)[: limits.count]
    return Detections(boxes[kept], scores[kept], labels[kept])
