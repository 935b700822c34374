"""Where FCOS looks, and which box each of its locations learns.

Tian, Shen, Chen and He, "FCOS: A Simple and Strong Anchor-free Object Detector", TPAMI 2020: a location is positive
for the smallest box that contains it near its centre and suits its scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from rgbtbench.zoo.parts.detector import Targets

#: Half side of the square around a box's centre, in strides, in which locations are positive.
CENTRE_RADIUS: Final = 1.5
#: Boxes whose farthest side is at most so many strides away belong to a scale; the coarsest takes all larger ones.
LARGEST_DISTANCE: Final = 8.0


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


def locations(sizes: Sequence[tuple[int, int]], strides: Sequence[float], *, device: torch.device) -> Locations:
    """Return the locations of feature maps with the given (height, width) and strides, row by row."""
    points, of_stride, smallest, largest = [], [], [], []
    for place, ((height, width), stride) in enumerate(zip(sizes, strides, strict=True)):
        y = (torch.arange(height, device=device) + 0.5) * stride
        x = (torch.arange(width, device=device) + 0.5) * stride
        grid = torch.cartesian_prod(y, x).flip(1)
        points.append(grid)
        count = grid.shape[0]
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
    sides = sides_of(places.points[:, None], targets.boxes[None])
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


def sides_of(points: Tensor, boxes: Tensor) -> Tensor:
    """Return the distances (..., 4) of points to the left, upper, right and lower sides; negative outside."""
    return torch.cat((points - boxes[..., :2], boxes[..., 2:] - points), dim=-1)
