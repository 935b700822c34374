"""From samples to one `Batch`: the only place where images are padded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rgbtbench.cards.augmentations import Size
from rgbtbench.cards.schema import LabelKind
from rgbtbench.errors import ShardError
from rgbtbench.labels import IGNORE
from rgbtbench.loading.batch import Batch
from rgbtbench.loading.item import Item
from rgbtbench.loading.stack import Stack


def collate(items: Sequence[Item], *, target: LabelKind | None, canvas: Size | None = None) -> Batch:
    """Stack samples; those that are smaller than the largest are padded at the right and the bottom.

    Each sample is taken from `items` once, in order, and its pixels are let go before the next.

    Args:
        items: at least one, with the same modalities.
        target: which field of the batch the labels go to.
        canvas: height and width of the batch; None for the largest of the samples.

    Raises:
        ShardError: the samples' images differ in channels or type.
    """
    count = len(items)
    images: dict[str, _Images] = {}
    semantic = Stack(count, fill=IGNORE, canvas=canvas, dtype=np.int64)
    saliency = Stack(count, canvas=canvas, dtype=np.float32)
    masks = {"semantic": semantic, "saliency": saliency}
    inside = Stack(count, canvas=canvas, dtype=np.bool_)
    rest: list[Item] = []
    for item in items:
        for name in item.images:
            images.setdefault(name, _Images(name, count, canvas)).put(item)
        if item.mask is not None and target in masks:
            masks[target].put(item.mask.numpy())
        inside.put(np.broadcast_to(np.True_, item.grid))
        rest.append(replace(item, images={}, mask=None))
    return Batch(
        keys=tuple(item.key for item in rest),
        images={name: part.whole() for name, part in images.items()},
        present={name: torch.tensor([name not in item.missing for item in rest]) for name in images},
        valid=torch.tensor([item.valid for item in rest]),
        pixel_mask=torch.from_numpy(inside.whole()),
        sizes=torch.tensor([item.size for item in rest]),
        semantic=torch.from_numpy(semantic.whole()) if target == "semantic" else None,
        boxes=tuple(item.boxes for item in rest if item.boxes is not None) if target == "boxes" else None,
        saliency=torch.from_numpy(_from_zero_to_one(saliency.whole())) if target == "saliency" else None,
        text=tuple(item.text for item in rest if item.text is not None) if target == "text" else None,
        datasets=tuple(item.dataset for item in rest),
    )


class _Images:
    """The images of one modality; a fill is zeros of whatever kind the others are."""

    def __init__(self, name: str, count: int, canvas: Size | None) -> None:
        self._name = name
        self._stack = Stack(count, canvas=canvas)
        self._first: Item | None = None  # that has the modality, without its pixels
        self._kind = (0, np.dtype(np.uint8))

    def put(self, item: Item) -> None:
        pixels = item.images[self._name].numpy()
        kind = len(pixels), pixels.dtype
        if self._first is None:
            self._kind = kind
        if self._name in item.missing:
            self._stack.skip(item.grid)
            return
        if self._first is None:
            self._first = replace(item, images={}, mask=None)
        elif kind != self._kind:
            raise ShardError(
                f"{self._name} of {self._first.key} and of {item.key} differ in channels or bit depth",
                expected="one kind of image per modality",
                remedy="use a batch size of 1 or batches of one dataset, or prepare the dataset from files of one kind",
            )
        self._stack.put(pixels)

    def whole(self) -> Tensor:
        channels, dtype = self._kind
        return torch.from_numpy(self._stack.whole((channels,), dtype))


def _from_zero_to_one(levels: NDArray[Any]) -> NDArray[Any]:
    levels /= np.float32(255)
    return levels[:, None]
