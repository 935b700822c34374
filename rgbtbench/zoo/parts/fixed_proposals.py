"""Proposals by steps whose shapes do not depend on what an image shows, for networks as graphs."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import nms

from rgbtbench.zoo.parts.detector import Extent, clipped, has_area
from rgbtbench.zoo.parts.rpn import KEPT, OVERLAP, Anchors, by_level, candidates_of


def fixed_proposals(
    logits: Tensor, told: Tensor, found: Anchors, *, extent: Extent, candidates: int
) -> tuple[Tensor, Tensor]:
    """Return as many boxes of each image as any may have, those of `proposals_of` first.

    Args:
        logits: float (B, L), of all levels' anchors.
        told: float (B, L, 4), the boxes that these tell, coded.
        found: the anchors.
        extent: height and width of all images.
        candidates: of each level that are looked at, surest first.

    Returns:
        float32 (B, 1000, 4), and bool (B, 1000): which of them are proposals. The others are zeros.
    """
    scores, boxes, kept = [], [], []
    for logit, tell, anchor in by_level(logits, told, found):
        # Anchors without an area that never win, since nobody knows yet whether a level has as many as are looked at.
        score, box = candidates_of(
            F.pad(logit, (0, candidates), value=-torch.inf),
            F.pad(tell, (0, 0, 0, candidates)),
            F.pad(anchor, (0, 0, 0, candidates)),
            count=candidates,
        )
        box = clipped(box, extent)
        scores.append(score)
        boxes.append(box)
        # Boxes without an area overlap none: which of them survive decides nothing.
        kept.append(survivors(box, score, OVERLAP) & has_area(box))
    score = torch.cat(scores, dim=1).where(torch.cat(kept, dim=1), -1.0)
    surest, index = F.pad(score, (0, KEPT), value=-1.0).topk(KEPT, dim=1)
    box = F.pad(torch.cat(boxes, dim=1), (0, 0, 0, KEPT)).gather(1, index[..., None].expand(-1, -1, 4))
    there = surest >= 0
    return box * there[..., None], there


@torch.library.custom_op("rgbtbench::survivors", mutates_args=())
def survivors(boxes: Tensor, scores: Tensor, overlap: float) -> Tensor:
    """Return which boxes of each image have no surer neighbour, bool (B, N): non-maximum suppression.

    It is an operator of its own because torchvision's takes one image, and gives as many numbers as boxes remain.

    Args:
        boxes: float32 (B, N, 4) as x1 y1 x2 y2.
        scores: float32 (B, N).
        overlap: IoU above which the less sure one goes.
    """
    kept = torch.zeros_like(scores, dtype=torch.bool)
    for row, (box, score) in enumerate(zip(boxes, scores, strict=True)):
        kept[row, nms(box, score, overlap)] = True
    return kept


@survivors.register_fake
def _(boxes: Tensor, scores: Tensor, overlap: float) -> Tensor:
    return torch.empty_like(scores, dtype=torch.bool)
