"""Which box each anchor or proposal learns, which are background, and which of them are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import Tensor
from torchvision.ops import box_iou

from rgbtbench.zoo.parts.detector import Targets

#: A candidate of which at least so much lies in an ignored box is no background.
IGNORED_SHARE: Final = 0.5

BACKGROUND: Final = -1
UNDECIDED: Final = -2


@dataclass(frozen=True, slots=True)
class MatchRule:
    """When a candidate learns a box.

    Attributes:
        positive: IoU from which on it does.
        negative: IoU below which it is background.
        best_from: the candidates that overlap a box most learn too, if from this IoU on; None: they do not.
        best_learns: what those learn: the box that they are the best of (mmdetection), or the one that they overlap
            most themselves (torchvision).
    """

    positive: float
    negative: float
    best_from: float | None = None
    best_learns: Literal["its box", "its nearest"] = "its box"


def match(candidates: Tensor, targets: Targets, rule: MatchRule) -> Tensor:
    """Return int64 (N,): the index of the box that each candidate learns, `BACKGROUND`, or `UNDECIDED`.

    Ignored boxes are learnt by none; what lies in them is undecided unless it learns another.

    Args:
        candidates: float32 (N, 4).
        targets: of the image.
        rule: when.
    """
    found = candidates.new_full((len(candidates),), BACKGROUND, dtype=torch.int64)
    numbers = (~targets.ignore).nonzero()[:, 0]
    if len(numbers) and len(candidates):
        overlaps = box_iou(targets.boxes[numbers], candidates)
        most, nearest = overlaps.max(dim=0)
        found[most >= rule.negative] = UNDECIDED
        learns = most >= rule.positive
        if rule.best_from is not None:
            best = overlaps.amax(dim=1, keepdim=True)
            is_best = (overlaps == best) & (best >= rule.best_from)
            if rule.best_learns == "its box":
                # Where it is the best of several boxes, the last one has it, as in mmdetection.
                last = len(numbers) - 1 - is_best.flip(0).int().argmax(dim=0)
                nearest = torch.where(is_best.any(dim=0), last, nearest)
            learns = learns | is_best.any(dim=0)
        found[learns] = numbers[nearest[learns]]
    return _without_ignored(found, candidates, targets.boxes[targets.ignore])


def _without_ignored(found: Tensor, candidates: Tensor, regions: Tensor) -> Tensor:
    if not len(regions):
        return found
    corners = torch.minimum(candidates[:, None, 2:], regions[None, :, 2:])
    shared = (corners - torch.maximum(candidates[:, None, :2], regions[None, :, :2])).clamp(min=0).prod(dim=2)
    areas = (candidates[:, 2:] - candidates[:, :2]).prod(dim=1)
    covered = shared.amax(dim=1) >= IGNORED_SHARE * areas
    return torch.where(covered & (found == BACKGROUND), UNDECIDED, found)


def sampled(matches: Tensor, *, count: int, positive_share: float) -> Tensor:
    """Return the indices of randomly chosen candidates: those that learn a box, then background.

    Args:
        matches: of `match`.
        count: at most so many, as far as there are enough of either.
        positive_share: at most this share of `count` learns a box.
    """
    positive, negative = (matches >= 0).nonzero()[:, 0], (matches == BACKGROUND).nonzero()[:, 0]
    wanted = min(len(positive), int(count * positive_share))
    return torch.cat((_some(positive, wanted), _some(negative, count - wanted)))


def _some(numbers: Tensor, count: int) -> Tensor:
    return numbers[torch.randperm(len(numbers), device=numbers.device)[:count]]
