"""Snapshots of a pre-training: what it makes of the first pairs that it is looked at by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import torch

from rgbtbench.loading.loader import EvalLoader, eval_loader
from rgbtbench.snapshots import Snapshot
from rgbtbench.training.data import Watched
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.pretraining import PretrainingModel

#: Pairs of a snapshot.
_PAIRS: Final = 3


def snapshots_of(model: Model, watched: Sequence[Watched], device: torch.device) -> Callable[[int], Snapshot] | None:
    """Return what takes a snapshot after a step; None where the model is no pre-training or is looked at by nothing."""
    if not isinstance(model, PretrainingModel) or not watched:
        return None
    split = watched[0].split
    batches = eval_loader(split.select(range(min(_PAIRS, len(split)))), batch_size=_PAIRS)
    return partial(_taken, model, batches, device)


def _taken(model: PretrainingModel, batches: EvalLoader, device: torch.device, step: int) -> Snapshot:
    return model.snapshot(next(iter(batches)).to(device), step)
