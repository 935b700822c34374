"""A look at the model during training: the loss, and the task's metrics under a protocol's rules."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import nn

from rgbtbench.cards.rules import CocoRules, SaliencyRules, SegmentationRules
from rgbtbench.loading.batch import Batch
from rgbtbench.loading.relabel import relabelled
from rgbtbench.predictions.boxes import BoxTable
from rgbtbench.predictions.kinds import BoxPrediction, MaskPrediction, Prediction, SaliencyPrediction
from rgbtbench.predictions.write_maps import stored_levels
from rgbtbench.scoring.average_precision.coco_metrics import CocoMetrics
from rgbtbench.scoring.average_precision.matching import match_detections
from rgbtbench.scoring.average_precision.tables import TruthTable
from rgbtbench.scoring.family import Classes
from rgbtbench.scoring.saliency.counts import SaliencyCounts
from rgbtbench.scoring.saliency.image import ImageStatistics, reduce_image
from rgbtbench.scoring.segmentation.confusion import confusion_matrix, segmentation_metrics
from rgbtbench.training.data import Watched
from rgbtbench.training.devices import gathered, over_processes, share_statistics
from rgbtbench.training.objective import total_loss
from rgbtbench.training.plan import LOSS
from rgbtbench.training.sharding import whole_weights
from rgbtbench.zoo.answers import answering
from rgbtbench.zoo.model import Model

_DETECTION_METRICS: Final = ("ap", "ap50", "ap75")


@dataclass(frozen=True, slots=True)
class Look:
    """A split that is looked at, with its batches.

    Attributes:
        watched: the split, its rules and its classes.
        batches: this process's share, with targets in the split's classes, in the original frame.
    """

    watched: Watched
    batches: Iterable[Batch]

    @property
    def name(self) -> str:
        """What tells it apart in the metrics of several."""
        return f"{self.watched.split.manifest.dataset}/{self.watched.split.name}"


def validate(
    model: Model, looks: Sequence[Look], *, fabric: Fabric, loss_weights: Mapping[str, float]
) -> dict[str, float]:
    """Return the mean loss per image and the metrics of the task, if it has any.

    Metrics are in percent, those of saliency from 0 to 1.
    Of several splits each metric is the mean over the splits, and stands beside it as `<dataset>/<split>/<metric>`.
    Every module is left in the mode it was in. Every image counts once, on any number of processes.

    Args:
        model: on the device of `fabric`; not wrapped.
        looks: at least one.
        fabric: device, precision and the other processes.
        loss_weights: of the terms of the loss; see `rgbtbench.training.objective`.
    """
    share_statistics(fabric, model)
    with _evaluating(model), whole_weights(model):
        found = {look.name: _look(model, look, fabric=fabric, loss_weights=loss_weights) for look in looks}
    first = next(iter(found.values()))
    if len(found) == 1:
        return first
    means = {metric: statistics.fmean(values[metric] for values in found.values()) for metric in first}
    return means | {f"{name}/{metric}": value for name, values in found.items() for metric, value in values.items()}


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training


@torch.no_grad()
def _look(model: Model, look: Look, *, fabric: Fabric, loss_weights: Mapping[str, float]) -> dict[str, float]:
    watched = look.watched
    loss = torch.zeros(2, dtype=torch.float64)
    tally = _tally(watched)
    for batch in look.batches:
        on_device = batch.to(fabric.device)
        with fabric.autocast():
            terms = model(on_device if watched.lookup is None else relabelled(on_device, watched.lookup))
            if tally is not None:
                with nullcontext() if watched.member is None else answering(model, watched.member):
                    tally.add(batch, model.predict(on_device))
        # A term is this process's part of the loss of what all processes hold together, times how many they are.
        images = int(over_processes(fabric, batch.valid.sum()))
        loss += torch.tensor([float(total_loss(terms, loss_weights)), 1.0]) * images / fabric.world_size
    total, images = over_processes(fabric, loss).tolist()
    return {LOSS: total / max(images, 1), **({} if tally is None else tally.metrics(fabric))}


class _Tally(Protocol):
    """What a task keeps of each image."""

    def add(self, batch: Batch, predictions: Sequence[Prediction]) -> None:
        """Take in the valid samples of a batch."""

    def metrics(self, fabric: Fabric) -> dict[str, float]:
        """Return the metrics over the images of all processes."""


def _tally(watched: Watched) -> _Tally | None:
    if watched.rules is None or watched.label_set is None:
        return None
    if isinstance(watched.rules, SaliencyRules):
        return _Maps(watched.rules)
    class_ids = sorted(watched.split.classes(watched.label_set))
    if isinstance(watched.rules, SegmentationRules):
        return _Pixels(watched.rules, class_ids)
    return _Boxes(watched.rules, class_ids)


class _Pixels:
    """One confusion matrix for all images."""

    def __init__(self, rules: SegmentationRules, class_ids: Sequence[int]) -> None:
        self.rules, self.ids = rules, class_ids
        self.confusion = np.zeros((len(class_ids), len(class_ids) + 1), np.int64)

    def add(self, batch: Batch, predictions: Sequence[Prediction]) -> None:
        if batch.semantic is None:
            raise ValueError("the batch holds no semantic labels")
        rows = {key: row for row, key in enumerate(batch.keys) if batch.valid[row]}
        for prediction in predictions:
            if isinstance(prediction, MaskPrediction):
                height, width = prediction.mask.shape
                label = batch.semantic[rows[prediction.key], :height, :width].numpy().astype(np.uint8)
                self.confusion += confusion_matrix(
                    label, prediction.mask, ids=self.ids, ignore_ids=self.rules.ignore_ids
                )

    def metrics(self, fabric: Fabric) -> dict[str, float]:
        confusion = over_processes(fabric, torch.from_numpy(self.confusion)).numpy()
        values = segmentation_metrics(confusion, ids=self.ids, rules=self.rules)
        return {name: float(value) for name, value in values.items()}


class _Maps:
    """What the metrics of saliency need of each image."""

    def __init__(self, rules: SaliencyRules) -> None:
        self.rules = rules
        self.images: list[ImageStatistics] = []

    def add(self, batch: Batch, predictions: Sequence[Prediction]) -> None:
        if batch.saliency is None:
            raise ValueError("the batch holds no saliency masks")
        rows = {key: row for row, key in enumerate(batch.keys) if batch.valid[row]}
        for prediction in predictions:
            if isinstance(prediction, SaliencyPrediction):
                height, width = prediction.saliency.shape
                truth = batch.saliency[rows[prediction.key], 0, :height, :width].numpy()
                levels = np.rint(255 * truth).astype(np.uint8)
                self.images.append(reduce_image(stored_levels(prediction.saliency), levels, self.rules))

    def metrics(self, fabric: Fabric) -> dict[str, float]:
        images = tuple(image for share in gathered(fabric, self.images) for image in share)
        counts = SaliencyCounts(images, scaled=np.zeros(len(images), np.bool_))
        everything = np.ones(len(images), np.bool_)
        measured = counts.measure(self.rules, Classes((), ()), everything)
        return {name: float(values[0]) for name, values in measured(np.ones((1, len(images))), False).items()}


class _Boxes:
    """Labelled and predicted boxes of each image, as columns of image, label, x, y, width, height and a last one.

    The last column is 1 for ignored regions among the labelled boxes, and the score among the predicted ones.
    """

    def __init__(self, rules: CocoRules, class_ids: Sequence[int]) -> None:
        self.rules, self.ids = rules, class_ids
        self.images: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []

    def add(self, batch: Batch, predictions: Sequence[Prediction]) -> None:
        if batch.boxes is None:
            raise ValueError("the batch holds no boxes")
        rows = {key: row for row, key in enumerate(batch.keys) if batch.valid[row]}
        for prediction in predictions:
            if isinstance(prediction, BoxPrediction):
                truth = batch.boxes[rows[prediction.key]]
                wanted = _columns(truth.boxes_xyxy.numpy(), truth.labels.numpy(), truth.ignore.numpy())
                found = _columns(prediction.boxes_xyxy, prediction.labels, prediction.scores)
                self.images.append((wanted[np.isin(wanted[:, 0], self.ids)], found))

    def metrics(self, fabric: Fabric) -> dict[str, float]:
        images = [image for share in gathered(fabric, self.images) for image in share]
        wanted, found = (
            np.vstack([np.column_stack([np.full(len(part), number), part]) for number, part in enumerate(parts)])
            for parts in zip(*images, strict=True)
        )
        crowd = wanted[:, -1] > 0
        matches = match_detections(
            TruthTable(
                image_ids=wanted[:, 0].astype(np.int64),
                labels=wanted[:, 1].astype(np.int64),
                xywh=wanted[:, 2:6],
                areas=wanted[:, 4] * wanted[:, 5],
                crowd=crowd if self.rules.ignore_as_crowd else np.zeros_like(crowd),
            ),
            BoxTable(found[:, 0].astype(np.int64), found[:, 1].astype(np.int64), found[:, 2:6], found[:, 6]),
            image_ids=np.arange(len(images)),
            class_ids=np.array(self.ids, np.int64),
            max_detections=self.rules.max_detections[-1],
        )
        values = CocoMetrics(matches, max_detections=self.rules.max_detections).measure(np.ones((1, len(images))))
        return {name: float(values[name][0]) for name in _DETECTION_METRICS}


def _columns(xyxy: NDArray[np.floating], labels: NDArray[np.int64], last: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return float64 (N, 6): label, x, y, width, height, last."""
    boxes = xyxy.astype(np.float64)
    return np.column_stack([labels, boxes[:, :2], boxes[:, 2:] - boxes[:, :2], last.astype(np.float64)])
