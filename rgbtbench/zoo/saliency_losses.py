"""Losses between maps of saliency logits and masks.

Each takes logits (B, 1, H, W), float32 masks of the same shape in [0, 1] and bool (B, H, W), which pixels count, and
gives a scalar float32. Means go over what the processes of a run hold together; see `rgbtbench.zoo.normalisation`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rgbtbench.zoo.normalisation import mean_over_processes


def binary_cross_entropy(logits: Tensor, masks: Tensor, known: Tensor) -> Tensor:
    """Return the mean binary cross-entropy over pixels that count."""
    losses = F.binary_cross_entropy_with_logits(logits.float(), masks, reduction="none")[:, 0]
    return mean_over_processes((losses * known).sum(), known.sum())


def soft_iou(logits: Tensor, masks: Tensor, known: Tensor) -> Tensor:
    """Return the mean over images of `1 - sum(p g) / sum(p + g - p g)`.

    Máttyus, Luo and Urtasun, "DeepRoadMapper", ICCV 2017, for one class; p are chances and g the mask. One is added to
    both sums, so that an image without foreground and without any found loses nothing. Images without a pixel that
    counts are left out.
    """
    chances, labels = torch.sigmoid(logits.float())[:, 0] * known, masks[:, 0] * known
    met = (chances * labels).sum(dim=(1, 2))
    either = (chances + labels).sum(dim=(1, 2)) - met
    counted = known.flatten(1).any(dim=1)
    return mean_over_processes((1 - (met + 1) / (either + 1))[counted].sum(), counted.sum())
