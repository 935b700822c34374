"""Losses between maps of class logits and maps of labels.

Each takes logits (B, C, H, W) and int64 targets (B, H, W), output indices or `IGNORE`, and gives a scalar float32.
Means go over what the processes of a run hold together; see `rgbtbench.zoo.normalisation`.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from rgbtbench.labels import IGNORE
from rgbtbench.zoo.normalisation import greatest_over_processes, mean_over_processes, sum_over_processes


def cross_entropy(
    logits: Tensor, target: Tensor, *, class_weights: Tensor | None = None, label_smoothing: float = 0.0
) -> Tensor:
    """Return the mean cross-entropy over labelled pixels, weighted by the weight of their class.

    Args:
        logits: (B, C, H, W).
        target: int64 (B, H, W).
        class_weights: float32 (C,); None weighs all pixels alike.
        label_smoothing: share of each pixel's label that is spread evenly over all classes (Szegedy et al., CVPR 2016).
    """
    total = F.cross_entropy(
        logits.float(),
        target,
        weight=class_weights,
        ignore_index=IGNORE,
        reduction="sum",
        label_smoothing=label_smoothing,
    )
    return mean_over_processes(total, _weight(target, class_weights))


def ohem_cross_entropy(
    logits: Tensor, target: Tensor, *, chance: float = 0.7, least: int = 16, class_weights: Tensor | None = None
) -> Tensor:
    """Return the mean cross-entropy over hard pixels (online hard example mining).

    As DELIVER's code has it, whose descendants train with it too: a pixel is hard where its loss exceeds `-ln chance`;
    where fewer than one in `least` labelled pixels are, that many of the hardest are taken. Here all processes choose
    together, so that their number changes nothing.

    Args:
        logits: (B, C, H, W).
        target: int64 (B, H, W).
        chance: of the pixel's class, from 0 to 1.
        least: of so many labelled pixels at least one is taken.
        class_weights: float32 (C,), factors on the losses of pixels before the hard ones are chosen.
    """
    losses = F.cross_entropy(
        logits.float(), target, weight=class_weights, ignore_index=IGNORE, reduction="none"
    ).flatten()
    hard = losses.detach() > -math.log(chance)
    found, labelled = sum_over_processes(torch.stack((hard.sum(), (target != IGNORE).sum()))).tolist()
    needed = labelled // least
    share = hard.float() if found >= needed else _shares_of_greatest(losses.detach(), needed)
    return mean_over_processes((losses * share).sum(), share.sum())


def focal(logits: Tensor, target: Tensor, *, gamma: float = 2.0, class_weights: Tensor | None = None) -> Tensor:
    """Return the mean over labelled pixels of `-(1 - p) ** gamma log p`, p being the chance of the pixel's class.

    The focal loss of Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, equation 4, over a softmax.

    Args:
        logits: (B, C, H, W).
        target: int64 (B, H, W).
        gamma: 0 gives the cross-entropy.
        class_weights: float32 (C,); None weighs all pixels alike.
    """
    losses = F.cross_entropy(logits.float(), target, ignore_index=IGNORE, reduction="none")
    losses = (1 - torch.exp(-losses)).clamp(min=0) ** gamma * losses
    if class_weights is not None:
        losses = losses * class_weights[target.masked_fill(target == IGNORE, 0)]
    return mean_over_processes(losses.sum(), _weight(target, class_weights))


def dice(logits: Tensor, target: Tensor) -> Tensor:
    """Return the mean over images and classes of `1 - (2 sum pg + 1) / (sum p² + sum g² + 1)`.

    Milletari, Navab and Ahmadi, "V-Net", 3DV 2016, for each class of each image: p are chances, g labels, and sums go
    over the image's labelled pixels. A class that is neither there nor predicted loses nothing. Images without a
    labelled pixel count nothing.

    Args:
        logits: (B, C, H, W).
        target: int64 (B, H, W).
    """
    chances, labels, known = _maps(logits, target)
    met = (chances * labels).sum(dim=(2, 3))
    sizes = (chances.square() + labels).sum(dim=(2, 3))
    coefficients = (2 * met + 1) / (sizes + 1)
    counted = known.flatten(1).any(dim=1)
    return mean_over_processes((1 - coefficients).mean(dim=1)[counted].sum(), counted.sum())


def boundary(logits: Tensor, target: Tensor, *, width: int = 3, tolerance: int = 5) -> Tensor:
    """Return the mean over images and their classes of one minus the F1 score of boundaries.

    Bokhovkin and Burnaev, "Boundary Loss for Remote Sensing Imagery Semantic Segmentation", ISNN 2019: a class has a
    boundary where its map differs from the greatest value of the others around; precision is the share of predicted
    boundary that lies within `tolerance` of a labelled one, recall the reverse. Classes without a labelled boundary in
    an image count nothing, and neither do pixels without a label.

    Args:
        logits: (B, C, H, W).
        target: int64 (B, H, W).
        width: odd side of the square within which a pixel of another class makes a boundary (θ₀).
        tolerance: odd side of the square within which boundaries count as met (θ).
    """
    chances, labels, known = _maps(logits, target)
    predicted, labelled = (_edges(maps, known, width) for maps in (chances, labels))
    precision = _met(predicted, labelled, tolerance)
    recall = _met(labelled, predicted, tolerance)
    scores = 2 * precision * recall / (precision + recall + _TINY)
    counted = labelled.sum(dim=(2, 3)) > 0
    return mean_over_processes((1 - scores)[counted].sum(), counted.sum())


_TINY = 1e-7


def _weight(target: Tensor, class_weights: Tensor | None) -> Tensor:
    """Return the sum of the labelled pixels' weights."""
    known = target != IGNORE
    return known.sum() if class_weights is None else class_weights[target[known]].sum()


def _shares_of_greatest(losses: Tensor, count: int) -> Tensor:
    """Return float32 (N,): 1 for the `count` greatest over all processes, 0 for others, and equal parts for ties."""
    if count == 0:
        return torch.zeros_like(losses)
    smallest = greatest_over_processes(losses, count)[-1]
    above, tied = losses > smallest, losses == smallest
    more, equal = sum_over_processes(torch.stack((above.sum(), tied.sum()))).tolist()
    shares: Tensor = above + tied * ((count - more) / equal)
    return shares


def _maps(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return chances and labels, float32 (B, C, H, W) and 0 where nothing is known, and what is, bool (B, 1, H, W)."""
    known = (target != IGNORE)[:, None]
    labels = F.one_hot(target.masked_fill(target == IGNORE, 0), logits.shape[1]).movedim(-1, 1)
    return logits.float().softmax(dim=1) * known, labels * known.float(), known


def _edges(maps: Tensor, known: Tensor, width: int) -> Tensor:
    outside = (1 - maps) * known
    return (F.max_pool2d(outside, width, stride=1, padding=width // 2) - outside) * known


def _met(edges: Tensor, others: Tensor, tolerance: int) -> Tensor:
    """Return (B, C): the share of `edges` near `others`."""
    near = F.max_pool2d(others, tolerance, stride=1, padding=tolerance // 2)
    return (edges * near).sum(dim=(2, 3)) / (edges.sum(dim=(2, 3)) + _TINY)
