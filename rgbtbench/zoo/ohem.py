"""Cross-entropy over the hard pixels alone (online hard example mining).

As DELIVER's code has it, whose descendants train with it too: a pixel is hard where the chance of its class is below
0.7; where fewer than a sixteenth of the labelled pixels are, that many of the hardest are taken.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from rgbtbench.labels import IGNORE
from rgbtbench.loading.batch import Batch
from rgbtbench.zoo.losses import class_indices, mean_over_processes

_LEAST_SHARE = 16


def ohem_cross_entropy(logits: Tensor, batch: Batch, class_ids: Tensor, *, chance: float = 0.7) -> Tensor:
    """Return the mean cross-entropy over the hard pixels of a batch.

    Each process of a run chooses among its own pixels, as published; the mean goes over all that were chosen.

    Args:
        logits: (B, C, H, W) at the size of the labels.
        batch: its `semantic` labels; ignored, padded and invalid pixels count nothing.
        class_ids: int64 (C,), the label id of each output, ascending.
        chance: pixels whose class is given less than it are hard.
    """
    target = class_indices(batch, class_ids)
    losses = F.cross_entropy(logits.float(), target, ignore_index=IGNORE, reduction="none").flatten()
    least = int((target != IGNORE).sum()) // _LEAST_SHARE
    hard = losses[losses > -math.log(chance)]
    if hard.numel() < least:
        hard = losses.topk(least).values
    return mean_over_processes(hard.sum(), torch.as_tensor(hard.numel(), device=logits.device))
