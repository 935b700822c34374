"""Batches of noise with labels, and the stand-in for prepared data that hands them to a training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from rgbtbench.efficiency.inputs import noise_batch
from rgbtbench.loading.batch import Batch, BoxTargets
from rgbtbench.training.data import Watched
from rgbtbench.zoo.spec import ModelSpec

#: Different ones, in turn.
_BATCHES: Final = 4
#: Side of the squares that made-up labels consist of: real labels are not noise.
_SQUARE: Final = 20
_BOXES: Final = 8


class NoiseData:
    """What `prepare_stage` asks of data, as `TrainingData`: batches without end, and nothing to be looked at."""

    epoch = 0.0

    def __init__(self, spec: ModelSpec, task: str, size: tuple[int, int], count: int) -> None:
        self._batches = [labelled_batch(spec, task, size, count, seed=seed) for seed in range(_BATCHES)]

    def batches(self, options: Any) -> NoiseData:
        return self

    def watched(self, recipe: Any) -> Sequence[Watched]:
        return ()

    def __iter__(self) -> Iterator[Batch]:
        return cycle(self._batches)


def labelled_batch(spec: ModelSpec, task: str, size: tuple[int, int], count: int, *, seed: int) -> Batch:
    """Return noise with labels for a task, in pinned memory where there is a GPU, as loaders do it."""
    rng = np.random.default_rng(seed)
    batch = noise_batch(spec, size, count=count)
    batch = replace(batch, images={name: _pinned(_interleaved(image)) for name, image in batch.images.items()})
    if task == "semantic":
        ids = np.asarray(spec.class_ids)
        return replace(batch, semantic=_pinned(torch.from_numpy(ids[_squares(rng, count, size, len(ids))])))
    if task == "saliency":
        masks = _squares(rng, count, size, 2)[:, None].astype(np.float32)
        return replace(batch, saliency=_pinned(torch.from_numpy(masks)))
    if task == "detection":
        return replace(batch, boxes=tuple(_boxes(rng, size, spec) for _ in range(count)))
    return batch


def _squares(rng: np.random.Generator, count: int, size: tuple[int, int], classes: int) -> np.ndarray:
    rows, columns = (-(-side // _SQUARE) for side in size)
    drawn = rng.integers(0, classes, (count, rows, columns))
    return drawn.repeat(_SQUARE, axis=1).repeat(_SQUARE, axis=2)[:, : size[0], : size[1]]


def _boxes(rng: np.random.Generator, size: tuple[int, int], spec: ModelSpec) -> BoxTargets:
    sides = rng.uniform(0.05, 0.3, (_BOXES, 2)) * (size[1], size[0])
    corners = rng.uniform(0, 1, (_BOXES, 2)) * ((size[1], size[0]) - sides)
    return BoxTargets(
        boxes_xyxy=torch.from_numpy(np.concatenate((corners, corners + sides), axis=1).astype(np.float32)),
        labels=torch.from_numpy(rng.choice(np.asarray(spec.class_ids), _BOXES)),
        ignore=torch.zeros(_BOXES, dtype=torch.bool),
    )


def _interleaved(image: Tensor) -> Tensor:
    return image.contiguous(memory_format=torch.channels_last)


def _pinned(tensor: Tensor) -> Tensor:
    return tensor.pin_memory() if torch.cuda.is_available() else tensor
