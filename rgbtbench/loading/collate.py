"""From samples to one `Batch`: the only place where images are padded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import get_worker_info

from rgbtbench.cards.augmentations import Size
from rgbtbench.cards.schema import LabelKind
from rgbtbench.errors import ShardError
from rgbtbench.labels import IGNORE
from rgbtbench.loading.batch import Batch, BoxTargets
from rgbtbench.loading.item import Item, Items
from rgbtbench.loading.rooms import Rooms
from rgbtbench.loading.stack import Stack

#: Targets that are masks.
_MASKS: Final = ("semantic", "saliency")


@dataclass(frozen=True, slots=True)
class PackedBatch:
    """A batch on its way out of a worker process, with nothing in it that takes eight bytes where one would do.

    Attributes:
        keys, datasets, sizes, missing, zeroed, noisy, valid, boxes, text: as the samples have them.
        target: which field of the batch the labels go to.
        images: modality to (B, C, H, W).
        masks: uint8 (B, H, W), or None; int64 where the batch has no process to leave.
        grids: height and width of each sample in H and W.
    """

    target: LabelKind | None
    keys: tuple[str, ...]
    datasets: tuple[str, ...]
    sizes: tuple[Size, ...]
    missing: tuple[frozenset[str], ...]
    zeroed: tuple[Mapping[str, float], ...]
    noisy: tuple[Mapping[str, tuple[float, float]], ...]
    valid: tuple[bool, ...]
    boxes: tuple[BoxTargets | None, ...]
    text: tuple[tuple[str, ...] | None, ...]
    images: dict[str, Tensor]
    masks: Tensor | None
    grids: tuple[Size, ...]

    def pin_memory(self) -> PackedBatch:
        """Return the batch in memory that a GPU reads from without waiting; torch's loader asks for it."""
        masks = None if self.masks is None else self.masks.pin_memory()
        return replace(self, images={name: image.pin_memory() for name, image in self.images.items()}, masks=masks)


def collate(items: Items, *, target: LabelKind | None, canvas: Size | None = None) -> Batch:
    """Return the batch of some samples; arguments and errors are those of `packed`."""
    return unpacked(packed(items, target=target, canvas=canvas))


def packed(
    items: Items, *, target: LabelKind | None, canvas: Size | None = None, rooms: Rooms | None = None
) -> PackedBatch:
    """Stack samples; those that are smaller than the largest are padded at the right and the bottom.

    Each sample is taken from `items` once, in order, and its pixels are let go before the next.

    Args:
        items: at least one, with the same modalities.
        target: which field of the batch the labels go to.
        canvas: height and width of the batch; None for the largest of the samples.
        rooms: memory in which images may lie already; None for none.

    Raises:
        ShardError: the samples' images differ in channels or type.
    """
    count = len(items)
    images: dict[str, _Images] = {}
    masks = _mask_stack(count, target, canvas)
    rows = []
    for item in items:
        for name in item.images:
            if name not in images:
                block = None if rooms is None else rooms.block(name)
                images[name] = _Images(name, Stack(count, canvas=canvas, block=block))
            images[name].put(item)
        if target in _MASKS and item.mask is not None:
            masks.put(item.mask)
        told = item.missing, item.zeroed, item.noisy, item.valid
        rows.append((item.key, item.dataset, item.size, *told, item.boxes, item.text, item.grid))
        del item  # its memory serves the next
    keys, datasets, sizes, missing, zeroed, noisy, valid, boxes, text, grids = zip(*rows, strict=True)
    return PackedBatch(
        target=target,
        keys=keys,
        datasets=datasets,
        sizes=sizes,
        missing=missing,
        zeroed=zeroed,
        noisy=noisy,
        valid=valid,
        boxes=boxes,
        text=text,
        images={name: part.whole() for name, part in images.items()},
        masks=masks.whole() if target in _MASKS else None,
        grids=grids,
    )


def unpacked(batch: PackedBatch) -> Batch:
    """Return the batch as models take it."""
    masks = None if batch.masks is None else batch.masks.numpy()
    height, width = next(iter(batch.images.values())).shape[-2:]
    return Batch(
        keys=batch.keys,
        images=batch.images,
        present={name: torch.tensor([name not in missing for missing in batch.missing]) for name in batch.images},
        zeroed={
            name: torch.tensor([shares.get(name, 0.0) for shares in batch.zeroed])
            for name in batch.images
            if any(name in shares for shares in batch.zeroed)
        },
        noisy={
            name: torch.tensor([strengths.get(name, (0.0, 0.0)) for strengths in batch.noisy])
            for name in batch.images
            if any(name in strengths for strengths in batch.noisy)
        },
        valid=torch.tensor(batch.valid),
        pixel_mask=_inside(batch.grids, height, width),
        sizes=torch.tensor(batch.sizes),
        semantic=None
        if masks is None or batch.target != "semantic"
        else torch.from_numpy(masks.astype(np.int64, copy=False)),
        boxes=tuple(boxes for boxes in batch.boxes if boxes is not None) if batch.target == "boxes" else None,
        saliency=None if masks is None or batch.target != "saliency" else torch.from_numpy(_from_zero_to_one(masks)),
        text=tuple(text for text in batch.text if text is not None) if batch.target == "text" else None,
        datasets=batch.datasets,
    )


class _Images:
    """The images of one modality; a fill is zeros of whatever kind the others are."""

    def __init__(self, name: str, stack: Stack) -> None:
        self._name = name
        self._stack = stack
        self._first: str | None = None  # key of the first that is no fill
        self._kind: tuple[int, np.dtype[Any]] = (0, np.dtype(np.uint8))

    def put(self, item: Item) -> None:
        pixels = item.images[self._name]
        kind = len(pixels), pixels.dtype
        if self._first is None:
            self._kind = kind
        if self._name in item.missing:
            self._stack.skip(item.grid)
            return
        if self._first is None:
            self._first = item.key
        elif kind != self._kind:
            raise ShardError(
                f"{self._name} of {self._first} and of {item.key} differ in channels or bit depth",
                expected="one kind of image per modality",
                remedy="use a batch size of 1 or batches of one dataset, or prepare the dataset from files of one kind",
            )
        self._stack.put(pixels)

    def whole(self) -> Tensor:
        channels, dtype = self._kind
        return self._stack.whole((channels,), dtype)


def _mask_stack(count: int, target: LabelKind | None, canvas: Size | None) -> Stack:
    if target == "semantic" and get_worker_info() is None:
        return Stack(count, fill=IGNORE, canvas=canvas, dtype=np.int64)  # as models take them: no worker to leave
    return Stack(count, fill=IGNORE if target == "semantic" else 0, canvas=canvas)


def _inside(grids: Sequence[Size], height: int, width: int) -> Tensor:
    if all(grid == (height, width) for grid in grids):
        return torch.ones((), dtype=torch.bool).expand(len(grids), height, width)  # nothing to write, nothing to read
    inside = np.ones((len(grids), height, width), np.bool_)
    for row, (down, right) in enumerate(grids):
        inside[row, down:] = inside[row, :, right:] = False
    return torch.from_numpy(inside)


def _from_zero_to_one(levels: NDArray[Any]) -> NDArray[Any]:
    whole = levels.astype(np.float32)
    whole /= np.float32(255)
    return whole[:, None]
