"""What a worker does for one place of a batch: decode, look up, transform."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import Dataset

from rgbtbench.cards.augmentations import Augmentations
from rgbtbench.cards.schema import Task
from rgbtbench.loading.item import Item, box_targets, image_tensor, mask_tensor
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.loading.sample import Sample, frame_size
from rgbtbench.loading.sampler import Draw
from rgbtbench.loading.transforms import Geometry, augment, on_grid


class ItemSource(Dataset[Item], ABC):
    """Samples as items, by `Draw`."""

    @abstractmethod
    def __getitem__(self, draw: Draw) -> Item:
        """Decode, look up and transform one sample; may raise a `UserError`."""

    def __getitems__(self, draws: Sequence[Draw]) -> Fetched:
        return Fetched(self, draws)


@dataclass(frozen=True)
class Fetched:
    """The items of one batch in order, each made when it is asked for: `Items`.

    Attributes:
        source: items by `Draw`.
        draws: which.
    """

    source: ItemSource
    draws: Sequence[Draw]

    def __len__(self) -> int:
        return len(self.draws)

    def __iter__(self) -> Iterator[Item]:
        return (self.source[draw] for draw in self.draws)


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
    task: Task | None
    label_set: str | None
    rules: Augmentations | None = None
    seed: int = 0
    missing: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.split)

    def __getitem__(self, draw: Draw) -> Item:
        sample = self.split[draw.index]
        size = frame_size(sample.record, self.label_set, self.split.manifest.modalities)
        fills = {name: torch.zeros((1, *size), dtype=torch.uint8) for name in self.missing}
        item = Item(
            dataset=self.split.manifest.dataset,
            key=sample.key,
            images={name: image_tensor(pixels) for name, pixels in sample.images.items()} | fills,
            size=size,
            missing=sample.missing | fills.keys(),
            valid=draw.valid,
            **self._targets(sample),
        )
        if self.rules is None:
            return on_grid(item, Geometry(size))
        return augment(item, self.rules, draw, seed=self.seed)

    def _targets(self, sample: Sample) -> dict[str, Any]:
        if self.task is None or self.label_set is None:
            return {}
        match self.task:
            case "semantic" | "saliency":
                return {"mask": mask_tensor(sample.masks[self.label_set])}
            case "detection":
                return {"boxes": box_targets(sample.boxes[self.label_set])}
            case "language":
                return {"text": sample.text[self.label_set]}


@dataclass(frozen=True)
class MixtureItems(ItemSource):
    """The samples of several splits as items, by `Draw`, whose `member` says which split.

    Attributes:
        members: the splits' items.
    """

    members: tuple[SampleItems, ...]

    def __len__(self) -> int:
        return sum(map(len, self.members))

    def __getitem__(self, draw: Draw) -> Item:
        return self.members[draw.member][draw]
