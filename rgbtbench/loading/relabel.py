"""Labels of a batch in another label space, after loading."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from rgbtbench.labels import IGNORE
from rgbtbench.loading.batch import Batch, BoxTargets
from rgbtbench.loading.label_space import LabelLookup


def relabelled(batch: Batch, lookup: LabelLookup) -> Batch:
    """Return a batch whose native labels appear in the space of `lookup`, as if it had been loaded so."""
    device = batch.valid.device
    table = torch.from_numpy(lookup.table).to(device, torch.int64)
    removed = torch.tensor(lookup.removed, dtype=torch.int64, device=device)
    return replace(
        batch,
        semantic=None if batch.semantic is None else table[batch.semantic],
        boxes=None if batch.boxes is None else tuple(_boxes(boxes, table, removed) for boxes in batch.boxes),
    )


def _boxes(boxes: BoxTargets, table: Tensor, removed: Tensor) -> BoxTargets:
    kept = ~torch.isin(boxes.labels, removed)
    labels = table[boxes.labels[kept]]
    return BoxTargets(boxes.boxes_xyxy[kept], labels, boxes.ignore[kept] | (labels == IGNORE))
