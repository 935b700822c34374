"""What a worker does for one place of a batch: decode, look up, transform."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from rgbtbench.cards.augmentations import Augmentations
from rgbtbench.cards.schema import Use
from rgbtbench.loading.alteration import SampleRoom
from rgbtbench.loading.frames import frame_size
from rgbtbench.loading.item import Item, box_targets, planes
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.loading.rooms import Rooms
from rgbtbench.loading.sample import Sample
from rgbtbench.loading.sampler import Draw
from rgbtbench.loading.transforms import as_stored, augment


class ItemSource(Dataset[Item], ABC):
    """Samples as items, by `Draw`; both steps may raise a `UserError`."""

    @abstractmethod
    def sample(self, draw: Draw, room: SampleRoom | None = None) -> Sample:
        """Read and decode a sample, if `room` is given in memory of the batch; others may be decoded beside it."""

    @abstractmethod
    def item(self, draw: Draw, sample: Sample) -> Item:
        """Look up and transform a decoded sample."""

    @property
    @abstractmethod
    def cached(self) -> bool:
        """Whether samples stay decoded, so that threads would wait for each other and for nothing else."""

    @property
    @abstractmethod
    def unchanged(self) -> bool:
        """Whether items mostly are what was decoded, so that a batch may be decoded in place."""

    def __getitem__(self, draw: Draw) -> Item:
        return self.item(draw, self.sample(draw))

    def __getitems__(self, draws: Sequence[Draw]) -> Fetched:
        return Fetched(self, draws, Rooms(len(draws)) if self.unchanged else None)


@dataclass(frozen=True)
class Fetched:
    """The items of one batch in order, each made when it is asked for: `Items`.

    Several are decoded at a time where torch may use several threads, which is not so in DataLoader's workers.

    Attributes:
        source: items by `Draw`.
        draws: which.
        rooms: memory of the batch that they are decoded into; None where each has its own.
    """

    source: ItemSource
    draws: Sequence[Draw]
    rooms: Rooms | None = None

    def __len__(self) -> int:
        return len(self.draws)

    def __iter__(self) -> Iterator[Item]:
        samples = self._samples()
        for draw in self.draws:
            # No name for the sample: its memory serves the next.
            yield self.source.item(draw, next(samples))

    def _samples(self) -> Iterator[Sample]:
        threads = min(torch.get_num_threads(), len(self.draws))
        if threads < 2 or self.source.cached:
            yield from map(self._sample, range(len(self.draws)))
            return
        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(self._sample, range(len(self.draws)))

    def _sample(self, at: int) -> Sample:
        rooms = self.rooms
        room = None if rooms is None else lambda modality, shape: rooms.room(modality, at, shape)
        return self.source.sample(self.draws[at], room)


@dataclass(frozen=True)
class SampleItems(ItemSource):
    """The samples of a split as items, by `Draw`.

    Attributes:
        split: the samples.
        task: which targets items carry; None for none.
        label_set: whose frame is the grid, and where targets come from; None for the first modality's frame.
        rules: what training changes; None for evaluation.
        seed: of the changes.
        missing: modalities that no sample has, and that items hold as zeros, marked missing.
    """

    split: PreparedSplit
    task: Use | None
    label_set: str | None
    rules: Augmentations | None = None
    seed: int = 0
    missing: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.split)

    @property
    def cached(self) -> bool:
        """Whether the split keeps what it decodes."""
        return self.split.store.cached

    @property
    def unchanged(self) -> bool:
        """Whether nothing is cached, and neither a condition nor training changes anything."""
        return self.rules is None and not self.cached and not self.split.alteration.condition.steps

    def sample(self, draw: Draw, room: SampleRoom | None = None) -> Sample:
        """Return a sample of the split."""
        return self.split.read(draw.index, room)

    def item(self, draw: Draw, sample: Sample) -> Item:
        """Return a sample with its targets, on the grid of its labels, and changed by the rules."""
        size = frame_size(sample.record, self.label_set, self.split.manifest.modalities)
        fills = {name: np.zeros((1, *size), np.uint8) for name in self.missing}
        item = Item(
            dataset=self.split.manifest.dataset,
            key=sample.key,
            images={name: planes(pixels) for name, pixels in sample.images.items()} | fills,
            size=size,
            missing=sample.missing | fills.keys(),
            filled=sample.filled | fills.keys(),
            zeroed=sample.zeroed,
            noisy=sample.noisy,
            valid=draw.valid,
            **self._targets(sample),
        )
        if self.rules is None:
            return as_stored(item)
        return augment(item, self.rules, draw, seed=self.seed)

    def _targets(self, sample: Sample) -> dict[str, Any]:
        if self.label_set is None:
            return {}
        match self.task:
            case "semantic" | "saliency":
                return {"mask": sample.masks[self.label_set]}
            case "detection":
                return {"boxes": box_targets(sample.boxes[self.label_set])}
            case "language":
                return {"text": sample.text[self.label_set]}
            case "pretraining" | None:
                return {}


@dataclass(frozen=True)
class MixtureItems(ItemSource):
    """The samples of several splits as items, by `Draw`, whose `member` says which split.

    Attributes:
        members: the splits' items.
    """

    members: tuple[SampleItems, ...]

    def __len__(self) -> int:
        return sum(map(len, self.members))

    @property
    def cached(self) -> bool:
        """Whether every member's split keeps what it decodes."""
        return all(member.cached for member in self.members)

    @property
    def unchanged(self) -> bool:
        """Whether every member's items are."""
        return all(member.unchanged for member in self.members)

    def sample(self, draw: Draw, room: SampleRoom | None = None) -> Sample:
        """Return a sample of the member that the draw names."""
        return self.members[draw.member].sample(draw, room)

    def item(self, draw: Draw, sample: Sample) -> Item:
        """Return it as that member's item."""
        return self.members[draw.member].item(draw, sample)
