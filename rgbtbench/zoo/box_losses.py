"""Losses of detectors, on torchvision's functions, normalised over all processes of a run."""

from __future__ import annotations

from torch import Tensor
from torchvision.ops import generalized_box_iou_loss, sigmoid_focal_loss

from rgbtbench.zoo.normalisation import mean_over_processes


def focal_loss(logits: Tensor, labels: Tensor, *, count: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Return the focal loss of Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, divided by `count`.

    Args:
        logits: float (..., C), one sigmoid per class.
        labels: float (..., C), 1 where a class is there and 0 elsewhere.
        count: what the sum is divided by, usually the positive anchors or locations of this process.
        alpha: weight of positives, negatives having `1 - alpha`; negative for no weights.
        gamma: exponent of how far a chance lies from its label.
    """
    loss = sigmoid_focal_loss(logits.float(), labels.float(), alpha=alpha, gamma=gamma, reduction="sum")
    return mean_over_processes(loss, count)


def giou_loss(boxes: Tensor, targets: Tensor, *, count: Tensor) -> Tensor:
    """Return the sum of `1 - GIoU` divided by `count` (Rezatofighi et al., CVPR 2019).

    Args:
        boxes: float (N, 4) as x1 y1 x2 y2, x1 < x2 and y1 < y2.
        targets: float (N, 4), the box that each should be.
        count: what the sum is divided by, usually the positives of this process.
    """
    return mean_over_processes(generalized_box_iou_loss(boxes.float(), targets.float(), reduction="sum"), count)
