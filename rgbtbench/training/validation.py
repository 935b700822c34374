"""A look at the model during training: the loss, and the task's metrics under a protocol's rules."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from lightning_fabric import Fabric

from rgbtbench.cards.protocol import SegmentationRules
from rgbtbench.loading.batch import Batch
from rgbtbench.predictions.kinds import MaskPrediction
from rgbtbench.scoring.segmentation import confusion_matrix, segmentation_metrics
from rgbtbench.training.devices import over_processes
from rgbtbench.zoo.model import Model

#: Metric by which weights are selected, where a task has one during training; the loss elsewhere.
HEADLINE = {"semantic": "miou"}


@torch.no_grad()
def validate(
    model: Model, batches: Iterable[Batch], *, fabric: Fabric, rules: SegmentationRules | None
) -> dict[str, float]:
    """Return the mean loss per image and, for semantic models, the metrics of the rules in percent.

    The model is left in training mode. Every image counts once, on any number of processes.

    Args:
        model: on the device of `fabric`; not wrapped.
        batches: this process's share, with targets, in the original frame.
        fabric: device, precision and the other processes.
        rules: of the protocol; None leaves the loss alone.
    """
    ids = model.spec.class_ids
    loss = torch.zeros(2, dtype=torch.float64)
    counts = np.zeros((len(ids), len(ids) + 1), np.int64)
    model.eval()
    for batch in batches:
        on_device = batch.to(fabric.device)
        with fabric.autocast():
            terms = model(on_device)
            predictions = model.predict(on_device) if rules is not None else ()
        images = int(batch.valid.sum())
        loss += torch.tensor([float(sum(terms.values())) * images, images])
        labels = _labels(batch)
        for prediction in predictions:
            if isinstance(prediction, MaskPrediction) and rules is not None:
                label = labels[prediction.key]
                counts += confusion_matrix(label, prediction.mask, ids=ids, ignore_ids=rules.ignore_ids)
    model.train()
    total, images = over_processes(fabric, loss).tolist()
    metrics = {"loss": total / max(images, 1)}
    if rules is not None:
        counts = over_processes(fabric, torch.from_numpy(counts)).numpy()
        values = segmentation_metrics(counts, ids=ids, rules=rules)
        metrics |= {name: float(value) for name, value in values.items()}
    return metrics


def _labels(batch: Batch) -> dict[str, np.ndarray[tuple[int, int], np.dtype[np.uint8]]]:
    if batch.semantic is None:
        return {}
    masks = batch.semantic.numpy().astype(np.uint8)
    return {
        key: mask[:height, :width]
        for key, mask, (height, width), valid in zip(
            batch.keys, masks, batch.sizes.tolist(), batch.valid.tolist(), strict=True
        )
        if valid
    }
