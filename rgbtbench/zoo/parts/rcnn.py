"""Faster R-CNN and Mask R-CNN on a feature pyramid, under the conventions of mmdetection or torchvision.

Ren et al., NeurIPS 2015; He et al., ICCV 2017. Masks are learnt from the boxes themselves, as M-SpecGene does, since
datasets of boxes have no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rgbtbench.zoo.answers import LEFT_OUT
from rgbtbench.zoo.normalisation import mean_over_processes
from rgbtbench.zoo.parts.box_coder import decoded, encoded
from rgbtbench.zoo.parts.detector import Detections, Detector, Extent, Limits, Targets, clipped, strongest
from rgbtbench.zoo.parts.fixed_proposals import fixed_proposals
from rgbtbench.zoo.parts.matching import BACKGROUND, MatchRule, match, sampled
from rgbtbench.zoo.parts.roi_heads import BOX_SIDE, MASK_SIDE, Pooling, box_masks, placed, pooled
from rgbtbench.zoo.parts.rpn import Anchors, RpnRules, anchors, proposals_of, rpn_losses

Convention = Literal["mmdetection", "torchvision"]
#: What told boxes of proposals are divided by.
_DEVIATIONS: Final = (0.1, 0.1, 0.2, 0.2)
#: Features of proposals are read from so many of the finest levels.
_POOLED_LEVELS: Final = 4
_SAMPLED: Final = 512
_POSITIVE_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class RcnnRules:
    """Where implementations differ; see `RpnRules`, `MatchRule` and `Pooling`."""

    rpn: RpnRules
    match: MatchRule
    pooling: Pooling
    smooth: float


CONVENTIONS: Final[Mapping[Convention, RcnnRules]] = {
    "mmdetection": RcnnRules(
        rpn=RpnRules(
            rounded_anchors=False,
            match=MatchRule(0.7, 0.3, best_from=0.3),
            smooth=0.0,
            candidates=(2000, 1000),
        ),
        match=MatchRule(0.5, 0.5, best_from=0.5),
        pooling=Pooling(aligned=True, samples=0),
        smooth=0.0,
    ),
    "torchvision": RcnnRules(
        rpn=RpnRules(
            rounded_anchors=True,
            match=MatchRule(0.7, 0.3, best_from=0.0, best_learns="its nearest"),
            smooth=1 / 9,
            candidates=(2000, 1000),
        ),
        match=MatchRule(0.5, 0.5),
        pooling=Pooling(aligned=False, samples=2),
        smooth=1 / 9,
    ),
}


@dataclass(frozen=True, slots=True)
class Lessons:
    """What sampled proposals of one image learn.

    Attributes:
        boxes: float32 (N, 4), the proposals.
        classes: int64 (N,), output indices; the number of classes for background.
        wanted: float32 (N, 4), the boxes that they should be; of no meaning for background.
    """

    boxes: Tensor
    classes: Tensor
    wanted: Tensor


def lessons_of(proposals: Tensor, target: Targets | None, rule: MatchRule, *, background: int) -> Lessons:
    """Return what randomly chosen proposals of one image learn; the boxes themselves are among the proposals.

    Args:
        proposals: float32 (N, 4).
        target: of the image; None for one that counts nowhere.
        rule: which box a proposal learns.
        background: its class.
    """
    if target is None:
        return Lessons(proposals[:0], proposals.new_empty(0, dtype=torch.int64), proposals[:0])
    known = (~target.ignore).nonzero()[:, 0]
    matches = torch.cat((match(proposals, target, rule), known))
    chosen = sampled(matches, count=_SAMPLED, positive_share=_POSITIVE_SHARE)
    boxes, matches = torch.cat((proposals, target.boxes[known]))[chosen], matches[chosen]
    learns = matches > BACKGROUND
    classes, wanted = torch.full_like(matches, background), boxes.clone()
    classes[learns] = target.classes[matches[learns]]
    wanted[learns] = target.boxes[matches[learns]]
    return Lessons(boxes, classes, wanted)


class RoiHead(nn.Module):
    """The heads on proposals; the mask head serves training alone and may be left out."""

    def __init__(self, bbox_head: nn.Module, mask_head: nn.Module | None) -> None:
        super().__init__()
        self.bbox_head = bbox_head
        self.mask_head = mask_head


class Rcnn(Detector):
    """The detector.

    Args:
        rpn_head: maps levels to logits (B, L) and told boxes (B, L, 4) of anchors.
        bbox_head: maps features (R, C, 7, 7) to logits (R, classes + 1) and told boxes (R, classes, 4).
        mask_head: maps features (R, C, 14, 14) to logits (R, classes, 28, 28); None without masks.
        classes: without the background.
        strides: of the levels. Proposals come from all of them; features are read from the four finest.
        convention: whose rules.
        anchor_scale: root of an anchor's area in strides of its level.
    """

    ranked = True

    def __init__(
        self,
        rpn_head: nn.Module,
        bbox_head: nn.Module,
        mask_head: nn.Module | None = None,
        *,
        classes: int,
        strides: Sequence[float],
        convention: Convention = "mmdetection",
        anchor_scale: float = 8,
    ) -> None:
        super().__init__()
        self.classes = classes
        self.rpn_head = rpn_head
        self.roi_head = RoiHead(bbox_head, mask_head)
        self.strides = tuple(strides)
        self.rules = CONVENTIONS[convention]
        self.anchor_scale = anchor_scale

    def losses(
        self, levels: Sequence[Tensor], targets: Sequence[Targets], *, extents: Sequence[Extent], valid: Tensor
    ) -> dict[str, Tensor]:
        """Return `objectness`, `proposals`, `classification`, `boxes` and, with a mask head, `masks`.

        See `Detector`. All but the masks are divided by the number of sampled anchors or proposals; masks by that of
        their cells.
        """
        logits, told = self.rpn_head(levels)
        found = self._anchors(levels)
        terms = rpn_losses(logits, told, found, targets, rules=self.rules.rpn, valid=valid)
        candidates = self._proposals(logits, told, found, extents)
        rows = zip(candidates, targets, valid.tolist(), strict=True)
        lessons = [
            lessons_of(boxes, target if counts else None, self.rules.match, background=self.classes)
            for boxes, target, counts in rows
        ]
        terms |= self._box_losses(levels, lessons)
        if self.roi_head.mask_head is not None:
            terms["masks"] = self._mask_loss(levels, lessons, self.roi_head.mask_head)
        return terms

    def detections(
        self, levels: Sequence[Tensor], *, extents: Sequence[Extent], class_ids: Tensor, limits: Limits
    ) -> list[Detections]:
        """Return what is found in each image; see `Detector`.

        Every class of a proposal has a box of its own. Outputs that count as one class compete.
        """
        logits, told = self.rpn_head(levels)
        boxes = self._proposals(logits, told, self._anchors(levels), extents)
        scores, own = self._answers(levels, placed(boxes))
        counts = [len(box) for box in boxes]
        found = []
        for score, box, extent in zip(torch.split(scores, counts), torch.split(own, counts), extents, strict=True):
            place, output = ((score > limits.score) & (class_ids != LEFT_OUT)).nonzero(as_tuple=True)
            inside = clipped(box[place, output], extent)
            found.append(strongest(inside, score[place, output], class_ids[output], limits))
        return found

    def everywhere(self, levels: Sequence[Tensor], extent: Extent) -> tuple[Tensor, Tensor]:
        """Return boxes (B, 1000, C, 4) and scores (B, 1000, C) of as many proposals, surest first; see `Detector`.

        Where an image has fewer proposals, the rest has scores and boxes of 0.
        """
        logits, told = self.rpn_head(levels)
        boxes, there = fixed_proposals(
            logits, told, self._anchors(levels), extent=extent, candidates=self.rules.rpn.candidates[1]
        )
        images = torch.arange(boxes.shape[0], device=boxes.device).to(boxes)
        places = torch.cat((images[:, None, None].expand(-1, boxes.shape[1], 1), boxes), dim=2)
        answers = self._answers(levels, places.flatten(0, 1))
        scores, boxes = (answer.reshape(*there.shape, *answer.shape[1:]) for answer in answers)
        return boxes * there[..., None, None], scores * there[..., None]

    def _answers(self, levels: Sequence[Tensor], places: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores (R, C) and boxes (R, C, 4) of proposals (R, 5)."""
        logits, told = self.roi_head.bbox_head(self._pooled(levels, places, BOX_SIDE))
        boxes = decoded(told.float(), places[:, None, 1:], self._deviations(told))
        return logits.float().softmax(dim=1)[:, :-1], boxes

    def _anchors(self, levels: Sequence[Tensor]) -> Anchors:
        return anchors(levels, self.strides, scale=self.anchor_scale, rounded=self.rules.rpn.rounded_anchors)

    def _proposals(self, logits: Tensor, told: Tensor, found: Anchors, extents: Sequence[Extent]) -> list[Tensor]:
        candidates = self.rules.rpn.candidates[0 if self.training else 1]
        return proposals_of(logits, told, found, extents=extents, candidates=candidates)

    def _box_losses(self, levels: Sequence[Tensor], lessons: Sequence[Lessons]) -> dict[str, Tensor]:
        boxes = [lesson.boxes for lesson in lessons]
        logits, told = self.roi_head.bbox_head(self._pooled(levels, placed(boxes), BOX_SIDE))
        classes = torch.cat([lesson.classes for lesson in lessons])
        learns = (classes < self.classes).nonzero()[:, 0]
        wanted = torch.cat([lesson.wanted for lesson in lessons])[learns]
        error = F.smooth_l1_loss(
            told.float()[learns, classes[learns]],
            encoded(wanted, torch.cat(boxes)[learns], self._deviations(wanted)),
            reduction="sum",
            beta=self.rules.smooth,
        )
        count = torch.tensor(len(classes), device=classes.device)
        return {
            "classification": mean_over_processes(F.cross_entropy(logits.float(), classes, reduction="sum"), count),
            "boxes": mean_over_processes(error, count),
        }

    def _mask_loss(self, levels: Sequence[Tensor], lessons: Sequence[Lessons], head: nn.Module) -> Tensor:
        learn = [lesson.classes < self.classes for lesson in lessons]
        boxes = [lesson.boxes[here] for lesson, here in zip(lessons, learn, strict=True)]
        wanted = torch.cat([lesson.wanted[here] for lesson, here in zip(lessons, learn, strict=True)])
        classes = torch.cat([lesson.classes[here] for lesson, here in zip(lessons, learn, strict=True)])
        logits = head(self._pooled(levels, placed(boxes), MASK_SIDE)).float()
        own = logits[torch.arange(len(classes), device=classes.device), classes]
        masks = box_masks(wanted, torch.cat(boxes), own.shape[-1])
        error = F.binary_cross_entropy_with_logits(own, masks, reduction="sum")
        return mean_over_processes(error, torch.tensor(own.numel(), device=own.device))

    def _pooled(self, levels: Sequence[Tensor], places: Tensor, side: int) -> Tensor:
        finest = slice(0, _POOLED_LEVELS)
        return pooled(levels[finest], places, strides=self.strides[finest], side=side, rule=self.rules.pooling)

    @staticmethod
    def _deviations(like: Tensor) -> Tensor:
        return torch.tensor(_DEVIATIONS, device=like.device)
