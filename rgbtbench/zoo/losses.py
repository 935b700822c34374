"""Losses of more than one method, normalised over all processes of a run."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, distributed

from rgbtbench.labels import IGNORE
from rgbtbench.loading.batch import Batch


def mean_over_processes(total: Tensor, count: Tensor) -> Tensor:
    """Return `total / count` with `count` averaged over all processes.

    Gradients are averaged over processes too, so that each pixel or box weighs the same wherever it lies: one
    process with a large batch and several with parts of it minimise the same function.
    """
    share = count.detach().to(torch.float32)
    if distributed.is_available() and distributed.is_initialized():
        share = share.clone()
        distributed.all_reduce(share)
        share = share / distributed.get_world_size()
    return total / share.clamp(min=1.0)


def pixel_cross_entropy(logits: Tensor, batch: Batch, class_ids: Tensor) -> Tensor:
    """Return the mean cross-entropy over labelled pixels.

    Args:
        logits: (B, C, H, W) at the size of the labels.
        batch: its `semantic` labels; ignored, padded and invalid pixels count nothing.
        class_ids: int64 (C,), the label id of each output, ascending.
    """
    target = class_indices(batch, class_ids)
    total = F.cross_entropy(logits.float(), target, ignore_index=IGNORE, reduction="sum")
    return mean_over_processes(total, (target != IGNORE).sum())


def class_indices(batch: Batch, class_ids: Tensor) -> Tensor:
    """Return int64 (B, H, W) output indices of the batch's labels, `IGNORE` wherever nothing is to be learnt."""
    if batch.semantic is None:
        raise ValueError("the batch holds no semantic labels")
    table = torch.full((256,), IGNORE, dtype=torch.int64, device=class_ids.device)
    table[class_ids] = torch.arange(len(class_ids), device=class_ids.device)
    known = batch.pixel_mask & batch.valid[:, None, None]
    return table[batch.semantic].masked_fill(~known, IGNORE)
