"""FCOS: a detector that says at every location of a feature pyramid what is there and how far its four sides are.

Tian, Shen, Chen and He, "FCOS: A Simple and Strong Anchor-free Object Detector", TPAMI 2020, on torchvision's head:
distances are regressed in units of the stride, and centre-ness weighs the score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rgbtbench.zoo.answers import answered_scores
from rgbtbench.zoo.box_losses import focal_loss, giou_loss
from rgbtbench.zoo.normalisation import mean_over_processes
from rgbtbench.zoo.parts.detector import Detections, Detector, Extent, Limits, Targets, clipped, strongest
from rgbtbench.zoo.parts.fcos_targets import Locations, assign, locations, sides_of

#: Locations and classes of an image that non-maximum suppression looks at, the surest ones.
_CANDIDATES: Final = 1000


class Fcos(Detector):
    """The detector.

    Args:
        head: maps a list of levels to `cls_logits` (B, L, C), `bbox_regression` (B, L, 4), not negative, and
            `bbox_ctrness` (B, L, 1) over the L locations of all levels, as torchvision's `FCOSHead` does.
        strides: of the levels.
    """

    def __init__(self, head: nn.Module, *, strides: Sequence[float]) -> None:
        super().__init__()
        self.head = head
        self.strides = tuple(strides)

    def losses(
        self, levels: Sequence[Tensor], targets: Sequence[Targets], *, extents: Sequence[Extent], valid: Tensor
    ) -> dict[str, Tensor]:
        """Return the focal, GIoU and centre-ness losses, each per positive location; see `Detector`.

        Locations inside an ignored box, and not positive for another, count nowhere.
        """
        del extents
        return fcos_losses(self.head(list(levels)), self._places(levels), targets, valid=valid)

    def detections(
        self, levels: Sequence[Tensor], *, extents: Sequence[Extent], class_ids: Tensor, limits: Limits
    ) -> list[Detections]:
        """Return what is found in each image; see `Detector`."""
        outputs = self.head(list(levels))
        scores, answered = answered_scores(outputs["cls_logits"], class_ids)
        outputs |= {"cls_logits": scores}
        places = self._places(levels)
        return [
            most_certain(
                {name: output[index] for name, output in outputs.items()}, places, answered, extent, limits=limits
            )
            for index, extent in enumerate(extents)
        ]

    def everywhere(self, levels: Sequence[Tensor], extent: Extent) -> tuple[Tensor, Tensor]:
        """Return boxes and scores at every location; see `Detector`."""
        del extent
        outputs, places = self.head(list(levels)), self._places(levels)
        scores = (outputs["cls_logits"].float().sigmoid() * outputs["bbox_ctrness"].float().sigmoid()).sqrt()
        return _boxes(places.points, outputs["bbox_regression"].float(), places.strides), scores

    def _places(self, levels: Sequence[Tensor]) -> Locations:
        sizes = [(level.shape[-2], level.shape[-1]) for level in levels]
        return locations(sizes, self.strides, device=levels[0].device)


def fcos_losses(
    outputs: Mapping[str, Tensor], places: Locations, targets: Sequence[Targets], *, valid: Tensor
) -> dict[str, Tensor]:
    """Return `classification`, `boxes` and `centreness`, each summed and divided by the positive locations.

    Args:
        outputs: of the head.
        places: the L locations.
        targets: B images' boxes.
        valid: bool (B,); images that only fill the batch count nowhere.
    """
    boxes, hidden = (torch.stack(part) for part in zip(*(assign(places, target) for target in targets), strict=True))
    boxes = boxes.masked_fill(~valid[:, None], -1)
    counted = ~hidden & valid[:, None]
    image, place = torch.nonzero(boxes >= 0, as_tuple=True)
    chosen = boxes[image, place]
    offsets = torch.tensor([0, *(len(target.boxes) for target in targets)], device=boxes.device).cumsum(0)
    wanted = torch.cat([target.boxes for target in targets])[offsets[image] + chosen]
    classes = torch.cat([target.classes for target in targets])[offsets[image] + chosen]

    logits = outputs["cls_logits"].float()
    labels = torch.zeros_like(logits)
    labels[image, place, classes] = 1.0

    points, strides = places.points[place], places.strides[place]
    regression = outputs["bbox_regression"].float()[image, place]

    centreness = outputs["bbox_ctrness"].float()[image, place, 0]
    closeness = F.binary_cross_entropy_with_logits(centreness, _centreness(points, wanted), reduction="sum")

    positives = torch.tensor(len(image), device=boxes.device)
    return {
        "classification": focal_loss(logits[counted], labels[counted], count=positives),
        "boxes": giou_loss(_boxes(points, regression, strides), wanted, count=positives),
        "centreness": mean_over_processes(closeness, positives),
    }


def most_certain(
    outputs: Mapping[str, Tensor], places: Locations, class_ids: Tensor, extent: Extent, *, limits: Limits
) -> Detections:
    """Return one image's detections; their score is the geometric mean of class score and centre-ness.

    Args:
        outputs: of the head, without the batch dimension.
        places: the locations.
        class_ids: int64 (C,), of the outputs.
        extent: of the image.
        limits: which are kept.
    """
    probability = outputs["cls_logits"].float().sigmoid() * outputs["bbox_ctrness"].float().sigmoid()
    scores = probability.sqrt().flatten()
    count = probability.shape[1]
    scores, candidates = scores.topk(min(_CANDIDATES, len(scores)))
    candidates = candidates[scores > limits.score]
    scores = scores[scores > limits.score]
    place, classes = candidates // count, candidates % count
    regression = outputs["bbox_regression"].float()[place]
    boxes = clipped(_boxes(places.points[place], regression, places.strides[place]), extent)
    return strongest(boxes, scores, class_ids[classes], limits)


def _boxes(points: Tensor, regression: Tensor, strides: Tensor) -> Tensor:
    distances = regression * strides[:, None]
    return torch.cat((points - distances[..., :2], points + distances[..., 2:]), dim=-1)


def _centreness(points: Tensor, boxes: Tensor) -> Tensor:
    sides = sides_of(points, boxes)
    horizontal, vertical = sides[:, 0::2], sides[:, 1::2]
    return torch.sqrt(
        (horizontal.amin(1) / horizontal.amax(1).clamp(min=1e-6))
        * (vertical.amin(1) / vertical.amax(1).clamp(min=1e-6))
    )
