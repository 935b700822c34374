"""Region proposal network: boxes that may hold something, whatever it is.

Ren, He, Girshick and Sun, "Faster R-CNN", NeurIPS 2015, on the levels of a pyramid. Names are those of mmdetection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import batched_nms

from rgbtbench.zoo.normalisation import mean_over_processes
from rgbtbench.zoo.parts.box_coder import decoded, encoded
from rgbtbench.zoo.parts.detector import Extent, Targets, clipped, has_area
from rgbtbench.zoo.parts.matching import BACKGROUND, UNDECIDED, MatchRule, match, sampled

#: Height over width of the anchors at each place.
ANCHOR_RATIOS: Final = (0.5, 1.0, 2.0)
#: IoU above which the weaker of two proposals of a level goes, and how many of an image are kept.
OVERLAP: Final = 0.7
KEPT: Final = 1000
_SAMPLED: Final = 256
_POSITIVE_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class RpnRules:
    """Where implementations differ.

    Attributes:
        rounded_anchors: whether corners of anchors around their place are whole numbers.
        match: which box an anchor learns.
        smooth: error below which the loss of boxes is quadratic; 0 for the absolute error.
        candidates: of each level, surest first, that non-maximum suppression sees, in training and otherwise.
    """

    rounded_anchors: bool
    match: MatchRule
    smooth: float
    candidates: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Anchors:
    """All anchors of all levels, finest level first, row by row, ratio by ratio.

    Attributes:
        boxes: float32 (L, 4).
        counts: how many of them each level has.
    """

    boxes: Tensor
    counts: tuple[int, ...]


class RpnHead(nn.Module):
    """The head, the same on all levels.

    Args:
        channels: of a level.
        depth: number of convolutions before the outputs.
    """

    def __init__(self, channels: int, *, depth: int = 1) -> None:
        super().__init__()
        self.rpn_conv = nn.Sequential(*(_RectifiedConv(channels) for _ in range(depth)))
        self.rpn_cls = nn.Conv2d(channels, len(ANCHOR_RATIOS), 1)
        self.rpn_reg = nn.Conv2d(channels, 4 * len(ANCHOR_RATIOS), 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=0.01)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, levels: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Map levels (B, C, h, w) to logits (B, L) and told boxes (B, L, 4) of all anchors."""
        logits, told = [], []
        for level in levels:
            features = self.rpn_conv(level)
            logits.append(self.rpn_cls(features).permute(0, 2, 3, 1).flatten(1))
            told.append(self.rpn_reg(features).permute(0, 2, 3, 1).unflatten(3, (-1, 4)).flatten(1, 3))
        return torch.cat(logits, dim=1), torch.cat(told, dim=1)


class _RectifiedConv(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        return torch.relu_(self.conv(features))


def anchors(levels: Sequence[Tensor], strides: Sequence[float], *, scale: float, rounded: bool) -> Anchors:
    """Return the anchors of levels (B, C, h, w): at (column, row) times the stride, the corner of a cell.

    Args:
        levels: of the pyramid.
        strides: of the levels.
        scale: root of an anchor's area in strides.
        rounded: whether corners of anchors around their place are whole numbers.
    """
    boxes, counts = [], []
    for level, stride in zip(levels, strides, strict=True):
        y, x = (torch.arange(side, device=level.device) * stride for side in level.shape[-2:])
        places = torch.cartesian_prod(y.float(), x.float()).flip(1)
        heights = torch.tensor(ANCHOR_RATIOS, device=level.device).sqrt()
        half = scale * stride / 2 * torch.stack((1 / heights, heights), dim=1)
        around = torch.cat((-half, half), dim=1)
        boxes.append((places.repeat(1, 2)[:, None] + (around.round() if rounded else around)).flatten(0, 1))
        counts.append(boxes[-1].shape[0])
    return Anchors(torch.cat(boxes), tuple(counts))


@torch.no_grad()
def proposals_of(
    logits: Tensor, told: Tensor, found: Anchors, *, extents: Sequence[Extent], candidates: int
) -> list[Tensor]:
    """Return the surest boxes of each image, float32 (N, 4), after non-maximum suppression within each level.

    Args:
        logits: (B, L).
        told: (B, L, 4).
        found: the anchors.
        extents: of each image.
        candidates: of each level that are looked at, surest first.
    """
    surest = [
        candidates_of(logit, tell, anchor, count=min(candidates, len(anchor)))
        for logit, tell, anchor in by_level(logits, told, found)
    ]
    numbers = [torch.full_like(score, number, dtype=torch.int64) for number, (score, _) in enumerate(surest)]
    score, box = (torch.cat(part, dim=1) for part in zip(*surest, strict=True))
    level = torch.cat(numbers, dim=1)
    chosen = []
    for row, extent in enumerate(extents):
        inside = clipped(box[row], extent)
        solid = has_area(inside)
        kept = batched_nms(inside[solid], score[row, solid], level[row, solid], OVERLAP)[:KEPT]
        chosen.append(inside[solid][kept])
    return chosen


def by_level(logits: Tensor, told: Tensor, found: Anchors) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Return each level's logits (B, N), told boxes (B, N, 4) and anchors (N, 4), all float32."""
    parts = ((logits.float(), 1), (told.float(), 1), (found.boxes, 0))
    return list(zip(*(torch.split(tensor, list(found.counts), dim=dim) for tensor, dim in parts), strict=True))


def candidates_of(logits: Tensor, told: Tensor, boxes: Tensor, *, count: int) -> tuple[Tensor, Tensor]:
    """Return the scores (B, count) and boxes (B, count, 4) that a level's surest anchors tell, without clipping.

    Args:
        logits: float32 (B, N).
        told: float32 (B, N, 4).
        boxes: float32 (N, 4), the anchors.
        count: how many, at most N.
    """
    surest, index = logits.topk(count, dim=1)
    unit = torch.ones(4, device=told.device)
    told = told.gather(1, index[..., None].expand(-1, -1, 4))
    return surest.sigmoid(), decoded(told, boxes[index], unit)


def rpn_losses(
    logits: Tensor, told: Tensor, found: Anchors, targets: Sequence[Targets], *, rules: RpnRules, valid: Tensor
) -> dict[str, Tensor]:
    """Return `objectness` and `proposals`, each summed over sampled anchors and divided by their number.

    Args:
        logits: (B, L).
        told: (B, L, 4).
        found: the anchors.
        targets: of each image.
        rules: of matching and loss.
        valid: bool (B,); images that only fill the batch count nowhere.
    """
    logits, told = logits.float(), told.float()
    unit = torch.ones(4, device=told.device)
    rows, places, holds, wanted, learning = [], [], [], [], []
    for row, target in enumerate(targets):
        matches = match(found.boxes, target, rules.match)
        if not valid[row]:
            matches = torch.full_like(matches, UNDECIDED)
        chosen = sampled(matches, count=_SAMPLED, positive_share=_POSITIVE_SHARE)
        positive = chosen[matches[chosen] > BACKGROUND]
        rows.append(torch.full_like(chosen, row))
        places.append(chosen)
        holds.append(matches[chosen] > BACKGROUND)
        wanted.append(encoded(target.boxes[matches[positive]], found.boxes[positive], unit))
        learning.append(told[row, positive])
    chance = logits[torch.cat(rows), torch.cat(places)]
    count = torch.tensor(len(chance), device=chance.device)
    objectness = F.binary_cross_entropy_with_logits(chance, torch.cat(holds).to(chance), reduction="sum")
    boxes = F.smooth_l1_loss(torch.cat(learning), torch.cat(wanted), reduction="sum", beta=rules.smooth)
    return {"objectness": mean_over_processes(objectness, count), "proposals": mean_over_processes(boxes, count)}
