"""Snapshots of a pre-training: what it makes of the first pairs of a split."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import torch

from rgbtbench.loading.loader import EvalLoader, eval_loader
from rgbtbench.snapshots import Snapshot
from rgbtbench.training.data import TrainingData
from rgbtbench.training.pair_data import PairData
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.pretraining import PretrainingModel

#: Pairs of a snapshot.
_PAIRS: Final = 3


def snapshots_of(model: Model, data: TrainingData, device: torch.device) -> Callable[[int], Snapshot] | None:
    """Return what takes a snapshot after a step; None where the model is no pre-training."""
    if not isinstance(model, PretrainingModel) or not isinstance(data, PairData):
        return None
    split = data.shown
    batches = eval_loader(split.select(range(min(_PAIRS, len(split)))), batch_size=_PAIRS)
    return partial(_taken, model, batches, device)


def _taken(model: PretrainingModel, batches: EvalLoader, device: torch.device, step: int) -> Snapshot:
    return model.snapshot(next(iter(batches)).to(device), step)
