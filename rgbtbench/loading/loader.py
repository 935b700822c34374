"""Batches for training and for evaluation.

Worker processes decode and transform; what they do depends on the sample and its place in the order, never on which
worker does it, so batches are the same for any number of workers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import torch
from torch.utils.data import DataLoader

from rgbtbench.cards.augmentations import Augmentations
from rgbtbench.cards.schema import LABEL_KIND, LabelKind, Use
from rgbtbench.errors import UserError
from rgbtbench.freed_memory import keep_freed_memory
from rgbtbench.loading.batch import Batch
from rgbtbench.loading.collate import PackedBatch, packed, unpacked
from rgbtbench.loading.items import Fetched, ItemSource, SampleItems
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.loading.sampler import Draw, TrainingStream, evaluation_batches
from rgbtbench.processes import begin_apart

Join = Callable[[Fetched], PackedBatch | UserError]


class Stream(Protocol):
    """The endless order of a training's samples, as this rank's part of every batch.

    Attributes:
        batch_size: samples per step over all ranks together.
        position: where iteration starts, counted over all ranks and epochs.
    """

    batch_size: int
    position: int

    @property
    def epoch_samples(self) -> int:
        """How many samples make an epoch."""

    def __iter__(self) -> Iterator[list[Draw]]:
        """Yield batches without end."""

    def state_dict(self) -> dict[str, Any]:
        """Return what identifies the order, and the position."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to the position of `state`; raises `RecipeError` when it is of another order."""


def train_loader(
    split: PreparedSplit,
    *,
    task: Use,
    batch_size: int,
    seed: int,
    label_set: str | None = None,
    augmentations: Augmentations | None = None,
    workers: int = 0,
    rank: int = 0,
    world: int = 1,
) -> TrainLoader:
    """Return an endless stream of shuffled, augmented batches with targets.

    Args:
        split: the samples, in the label space and under the condition that training is to use.
        task: which targets batches carry; none in pre-training.
        batch_size: samples per step over all ranks together; the same global batches come for any `world`.
        seed: of order and augmentation.
        label_set: where targets come from; None for the only set of the task's kind, if it has one.
        augmentations: None or the default change nothing.
        workers: processes that decode; 0 decodes in this one.
        rank: this process, from 0.
        world: how many processes share each batch.

    Raises:
        RecipeError: no samples, or a batch that the ranks cannot share evenly.
        ShardError: no such label set, or several to choose from.
    """
    kind = target_kind(task)
    name = label_set if label_set or kind is None else split.label_set_of(kind)
    rules = augmentations or Augmentations()
    source = SampleItems(split.only(label_sets=_named(name)), task, name, rules=rules, seed=seed)
    join = partial(joined, target=kind, canvas=rules.crop)
    stream = TrainingStream(len(split), batch_size=batch_size, seed=seed, rank=rank, world=world)
    return TrainLoader(source, join, stream, workers=workers)


def eval_loader(
    split: PreparedSplit,
    *,
    batch_size: int,
    task: Use | None = None,
    label_set: str | None = None,
    missing: Sequence[str] = (),
    workers: int = 0,
    rank: int = 0,
    world: int = 1,
) -> EvalLoader:
    """Return batches that hold each sample exactly once, in official order, untouched but for padding.

    Args:
        split: the samples.
        batch_size: samples per step on this rank.
        task: which targets batches carry; None for none, as in pre-training.
        label_set: whose frame predictions are written in, and where targets come from; None for the only set of the
            task's kind, or the first modality's frame without a task.
        missing: modalities that batches hold as a fill, because a model wants them and the split has none.
        workers: processes that decode; 0 decodes in this one.
        rank: this process, from 0.
        world: how many processes share the split; all get equally many batches, see `Batch.valid`.

    Raises:
        RecipeError: no samples.
        ShardError: no such label set, or several to choose from.
    """
    kind = target_kind(task)
    name = label_set if label_set or kind is None else split.label_set_of(kind)
    labelled = split.only(label_sets=_named(name))
    source = SampleItems(labelled if kind else labelled.only(label_sets=()), task, name, missing=tuple(missing))
    join = partial(joined, target=kind, canvas=None)
    draws = evaluation_batches(len(split), batch_size=batch_size, rank=rank, world=world)
    return EvalLoader(source, join, draws, workers=workers)


def target_kind(task: Use | None) -> LabelKind | None:
    """Return the kind of label set that a task learns from; None where it learns from images alone."""
    return None if task is None else LABEL_KIND.get(task)


def _named(label_set: str | None) -> tuple[str, ...]:
    return () if label_set is None else (label_set,)


class TrainLoader:
    """An endless iterable of batches that can stop and go on anywhere.

    Iterating again goes on where the last iteration stopped. `state_dict` counts the batches that were handed out, not
    those that workers have prepared beyond.
    """

    def __init__(self, source: ItemSource, join: Join, stream: Stream, *, workers: int) -> None:
        self._stream = stream
        self._loader = _data_loader(source, stream, join, workers)

    @property
    def epoch_samples(self) -> int:
        """How many samples make an epoch."""
        return self._stream.epoch_samples

    @property
    def epoch(self) -> float:
        """Epochs so far: passes over the split, or as a mixture counts them."""
        return self._stream.position / self._stream.epoch_samples

    def steps(self, epochs: float) -> int:
        """Return how many batches so many epochs take, rounded up."""
        return math.ceil(epochs * self._stream.epoch_samples / self._stream.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        for batch in _unwrapped(self._loader):
            self._stream.position += self._stream.batch_size
            yield batch

    def state_dict(self) -> dict[str, Any]:
        """Return what identifies the order, and the place in it, counted over all ranks."""
        return self._stream.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after the batch at which `state` was taken; the number of ranks may have changed.

        Raises:
            RecipeError: the state is of another order.
        """
        self._stream.load_state_dict(state)


class EvalLoader:
    """An iterable of batches, of known length; it can be iterated any number of times."""

    def __init__(
        self,
        source: ItemSource,
        join: Join,
        draws: list[list[Draw]],
        *,
        workers: int,
    ) -> None:
        self._loader = _data_loader(source, draws, join, workers)
        self._batches = len(draws)

    def __len__(self) -> int:
        return self._batches

    def __iter__(self) -> Iterator[Batch]:
        return _unwrapped(self._loader)


def joined(items: Fetched, **options: Any) -> PackedBatch | UserError:
    """Return the batch of `items`, or the first error among them; options are those of `packed`.

    The error is returned and not raised: crossing a process inside DataLoader, it would come back as a page of
    traceback.
    """
    try:
        return packed(items, rooms=items.rooms, **options)
    except UserError as error:
        return error


def _unwrapped(batches: Iterable[PackedBatch | UserError]) -> Iterator[Batch]:
    for batch in batches:
        if isinstance(batch, UserError):
            raise batch
        yield unpacked(batch)


def _begin_worker(_number: int) -> None:
    begin_apart()


def _data_loader(
    source: ItemSource,
    draws: Iterable[list[Draw]],
    join: Join,
    workers: int,
) -> DataLoader[PackedBatch | UserError]:
    keep_freed_memory()
    return DataLoader(
        source,  # type: ignore[arg-type]  # items in, batches out: torch has one type parameter for both
        batch_sampler=draws,
        num_workers=workers,
        collate_fn=join,  # type: ignore[arg-type]  # of what `__getitems__` gives, which need not be a list
        persistent_workers=workers > 0,
        worker_init_fn=_begin_worker,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # else each iteration would take a number from the training's own generator
    )
