"""What FCOS learns and reads at every location of a feature pyramid.

Tian, Shen, Chen and He, "FCOS: A Simple and Strong Anchor-free Object Detector", TPAMI 2020: a location is positive
for the smallest box that contains it near its centre and suits its scale; it regresses its distances to the four
sides in units of the stride.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import batched_nms

from rgbtbench.zoo.box_losses import focal_loss, giou_loss
from rgbtbench.zoo.normalisation import mean_over_processes

#: Half side of the square around a box's centre, in strides, in which locations are positive.
CENTRE_RADIUS = 1.5
#: Boxes whose farthest side is at most so many strides away belong to a scale; the coarsest takes all larger ones.
LARGEST_DISTANCE = 8.0
_CANDIDATES = 1000


@dataclass(frozen=True, slots=True)
class Locations:
    """All locations of all scales, finest scale first.

    Attributes:
        points: float32 (L, 2), x and y of the centres in pixels.
        strides: float32 (L,).
        smallest, largest: float32 (L,), range of the farthest side's distance that a location is responsible for.
    """

    points: Tensor
    strides: Tensor
    smallest: Tensor
    largest: Tensor


@dataclass(frozen=True, slots=True)
class Targets:
    """Boxes of one image in the network's frame.

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
        classes: int64 (N,), output indices.
    """

    boxes: Tensor
    scores: Tensor
    classes: Tensor


def locations(sizes: Sequence[tuple[int, int]], strides: Sequence[int], *, device: torch.device) -> Locations:
    """Return the locations of feature maps with the given (height, width) and strides, row by row."""
    points, of_stride, smallest, largest = [], [], [], []
    for place, ((height, width), stride) in enumerate(zip(sizes, strides, strict=True)):
        y = (torch.arange(height, device=device) + 0.5) * stride
        x = (torch.arange(width, device=device) + 0.5) * stride
        grid = torch.cartesian_prod(y, x).flip(1)
        points.append(grid)
        count = len(grid)
        of_stride.append(grid.new_full((count,), stride))
        coarsest = place == len(strides) - 1
        smallest.append(grid.new_full((count,), 0.0 if place == 0 else LARGEST_DISTANCE * strides[place - 1]))
        largest.append(grid.new_full((count,), float("inf") if coarsest else LARGEST_DISTANCE * stride))
    return Locations(torch.cat(points), torch.cat(of_stride), torch.cat(smallest), torch.cat(largest))


def assign(places: Locations, targets: Targets) -> tuple[Tensor, Tensor]:
    """Assign boxes to locations.

    Returns:
        int64 (L,), the index of the box that a location is positive for, or -1; and bool (L,), True where a
        location lies in an ignored box and is positive for none.
    """
    if len(targets.boxes) == 0:
        nothing = places.points.new_full((len(places.points),), -1, dtype=torch.int64)
        return nothing, torch.zeros_like(nothing, dtype=torch.bool)
    sides = _sides(places.points[:, None], targets.boxes[None])
    inside = sides.amin(dim=2) > 0
    centres = (targets.boxes[:, :2] + targets.boxes[:, 2:]) / 2
    offset = (places.points[:, None] - centres[None]).abs().amax(dim=2)
    farthest = sides.amax(dim=2)
    suited = (
        inside
        & ~targets.ignore
        & (offset < CENTRE_RADIUS * places.strides[:, None])
        & (farthest > places.smallest[:, None])
        & (farthest <= places.largest[:, None])
    )
    areas = (targets.boxes[:, 2:] - targets.boxes[:, :2]).prod(dim=1)
    area, box = areas.expand_as(suited).masked_fill(~suited, float("inf")).min(dim=1)
    box = box.masked_fill(area.isinf(), -1)
    return box, (inside & targets.ignore).any(dim=1) & (box < 0)


def fcos_losses(
    outputs: Mapping[str, Tensor], places: Locations, targets: Sequence[Targets], *, valid: Tensor
) -> dict[str, Tensor]:
    """Return `classification`, `boxes` and `centreness`, each summed and divided by the positive locations.

    Args:
        outputs: torchvision's `cls_logits` (B, L, C), `bbox_regression` (B, L, 4), `bbox_ctrness` (B, L, 1).
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
    outputs: Mapping[str, Tensor],
    places: Locations,
    *,
    limit: tuple[float, float],
    score_threshold: float,
    nms_threshold: float,
    keep: int,
) -> Detections:
    """Return one image's detections after non-maximum suppression per class.

    Args:
        outputs: as in `fcos_losses`, without the batch dimension.
        places: the locations.
        limit: height, width that boxes are clipped to; what has no area then is dropped.
        score_threshold: the geometric mean of class score and centre-ness must exceed it.
        nms_threshold: overlap (IoU) above which the weaker one of a class goes.
        keep: at most so many.
    """
    probability = outputs["cls_logits"].float().sigmoid() * outputs["bbox_ctrness"].float().sigmoid()
    scores = probability.sqrt().flatten()
    count = probability.shape[1]
    scores, candidates = scores.topk(min(_CANDIDATES, len(scores)))
    candidates = candidates[scores > score_threshold]
    scores = scores[scores > score_threshold]
    place, classes = candidates // count, candidates % count
    regression = outputs["bbox_regression"].float()[place]
    boxes = _boxes(places.points[place], regression, places.strides[place])
    boxes = boxes.clamp(min=0).minimum(boxes.new_tensor((limit[1], limit[0], limit[1], limit[0])))
    solid = (boxes[:, 2:] > boxes[:, :2]).all(dim=1)
    boxes, scores, classes = boxes[solid], scores[solid], classes[solid]
    kept = batched_nms(boxes, scores, classes, nms_threshold)[:keep]
    return Detections(boxes[kept], scores[kept], classes[kept])


def _sides(points: Tensor, boxes: Tensor) -> Tensor:
    """Return the distances (..., 4) of points to the left, upper, right and lower sides; negative outside."""
    return torch.cat((points - boxes[..., :2], boxes[..., 2:] - points), dim=-1)


def _boxes(points: Tensor, regression: Tensor, strides: Tensor) -> Tensor:
    distances = regression * strides[:, None]
    return torch.cat((points - distances[:, :2], points + distances[:, 2:]), dim=1)


def _centreness(points: Tensor, boxes: Tensor) -> Tensor:
    sides = _sides(points, boxes)
    horizontal, vertical = sides[:, 0::2], sides[:, 1::2]
    return torch.sqrt(
        (horizontal.amin(1) / horizontal.amax(1).clamp(min=1e-6))
        * (vertical.amin(1) / vertical.amax(1).clamp(min=1e-6))
    )
