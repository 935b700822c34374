"""Losses over the labelled pixels of a batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rgbtbench.labels import IGNORE
from rgbtbench.loading.batch import Batch
from rgbtbench.zoo.answers import LEFT_OUT, answered_logits
from rgbtbench.zoo.normalisation import mean_over_processes
from rgbtbench.zoo.pixel_losses import cross_entropy
from rgbtbench.zoo.spec import ModelSpec


def pixel_cross_entropy(
    logits: Tensor, batch: Batch, class_ids: Tensor, *, class_weights: Tensor | None = None
) -> Tensor:
    """Return the mean cross-entropy over labelled pixels, weighted by the weight of their class.

    Args:
        logits: (B, C, H, W) at the size of the labels.
        batch: its `semantic` labels; ignored, padded and invalid pixels count nothing.
        class_ids: int64 (C,), the label id of each output, ascending.
        class_weights: float32 (C,); None weighs all pixels alike.
    """
    return cross_entropy(logits, class_indices(batch, class_ids), class_weights=class_weights)


def native_cross_entropy(
    logits: Tensor, batch: Batch, spec: ModelSpec, *, class_weights: Tensor | None = None
) -> Tensor:
    """Return the mean cross-entropy over labelled pixels in each dataset's own classes.

    The second term of SegRGB-X's loss (arXiv 2603.28023, equation 8): logits and labels are brought to the classes of
    the dataset that an image comes from; see `rgbtbench.zoo.answers`.

    Args:
        logits: (B, C, H, W) at the size of the labels.
        batch: its `semantic` labels in the model's classes, and `datasets`.
        spec: of a model that was trained on several datasets.
        class_weights: float32 (C,), by the model's classes; None weighs all pixels alike.
    """
    outputs = logits.new_tensor(spec.class_ids, dtype=torch.int64)
    labels = class_indices(batch, outputs)
    total, weight = logits.new_zeros((), dtype=torch.float32), logits.new_zeros((), dtype=torch.float32)
    for dataset in dict.fromkeys(batch.datasets):
        rows = [row for row, name in enumerate(batch.datasets) if name == dataset]
        answers = spec.members[dataset].answers
        native = outputs.new_tensor([answers.get(number, LEFT_OUT) for number in spec.class_ids])
        answered, classes = answered_logits(logits[rows].float(), native, dim=1)
        known = labels[rows] != IGNORE
        joint = labels[rows].masked_fill(~known, 0)
        target = torch.searchsorted(classes, native[joint].clamp(min=0)).masked_fill(~known, IGNORE)
        losses = F.cross_entropy(answered, target, ignore_index=IGNORE, reduction="none")
        weights = known.float() if class_weights is None else class_weights[joint] * known
        total, weight = total + (losses * weights).sum(), weight + weights.sum()
    return mean_over_processes(total, weight)


def class_indices(batch: Batch, class_ids: Tensor) -> Tensor:
    """Return int64 (B, H, W) output indices of the batch's labels, `IGNORE` wherever nothing is to be learnt."""
    if batch.semantic is None:
        raise ValueError("the batch holds no semantic labels")
    table = torch.full((256,), IGNORE, dtype=torch.int64, device=class_ids.device)
    table[class_ids] = torch.arange(len(class_ids), device=class_ids.device)
    known = batch.pixel_mask & batch.valid[:, None, None]
    return table[batch.semantic].masked_fill(~known, IGNORE)
