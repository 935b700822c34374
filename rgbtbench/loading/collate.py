"""From samples to one `Batch`: the only place where images are padded."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from rgbtbench.cards.augmentations import Size
from rgbtbench.cards.schema import LabelKind
from rgbtbench.errors import ShardError
from rgbtbench.labels import IGNORE
from rgbtbench.loading.batch import Batch
from rgbtbench.loading.item import Item


def collate(items: Sequence[Item], *, target: LabelKind | None, canvas: Size | None = None) -> Batch:
    """Stack samples; those that are smaller than the largest are padded at the right and the bottom.

    Args:
        items: at least one, with the same modalities.
        target: which field of the batch the labels go to.
        canvas: height and width of the batch; None for the largest of the samples.

    Raises:
        ShardError: the samples' images differ in channels or type.
    """
    height = max(item.grid[0] for item in items) if canvas is None else canvas[0]
    width = max(item.grid[1] for item in items) if canvas is None else canvas[1]
    pixel_mask = torch.zeros((len(items), height, width), dtype=torch.bool)
    for row, item in zip(pixel_mask, items, strict=True):
        row[: item.grid[0], : item.grid[1]] = True
    masks = [item.mask for item in items if item.mask is not None]
    boxes = [item.boxes for item in items if item.boxes is not None]
    texts = [item.text for item in items if item.text is not None]
    return Batch(
        keys=tuple(item.key for item in items),
        images={name: _images(items, name, (height, width)) for name in items[0].images},
        present={name: torch.tensor([name not in item.missing for item in items]) for name in items[0].images},
        valid=torch.tensor([item.valid for item in items]),
        pixel_mask=pixel_mask,
        sizes=torch.tensor([item.size for item in items]),
        semantic=_padded(masks, (height, width), IGNORE, torch.int64) if target == "semantic" else None,
        boxes=tuple(boxes) if target == "boxes" else None,
        saliency=_padded(masks, (height, width), 0, torch.float32)[:, None] / 255 if target == "saliency" else None,
        text=tuple(texts) if target == "text" else None,
        datasets=tuple(item.dataset for item in items),
    )


def _images(items: Sequence[Item], name: str, canvas: Size) -> Tensor:
    seen = [item for item in items if name not in item.missing] or [items[0]]
    first = seen[0]
    for item in seen:
        if _kind(item.images[name]) != _kind(first.images[name]):
            raise ShardError(
                f"{name} of {first.key} and of {item.key} differ in channels or bit depth",
                expected="one kind of image per modality",
                remedy="use a batch size of 1 or batches of one dataset, or prepare the dataset from files of one kind",
            )
    channels, kind = _kind(first.images[name])
    # A fill is zeros of whatever kind the other samples are.
    images = [
        item.images[name]
        if _kind(item.images[name]) == (channels, kind)
        else torch.zeros((channels, *item.grid), dtype=kind)
        for item in items
    ]
    return _padded(images, canvas, 0, kind)


def _kind(image: Tensor) -> tuple[int, torch.dtype]:
    return image.shape[0], image.dtype


def _padded(tensors: Sequence[Tensor], canvas: Size, fill: int, kind: torch.dtype) -> Tensor:
    shape = (len(tensors), *tensors[0].shape[:-2], *canvas)
    whole = all(tuple(tensor.shape[-2:]) == tuple(canvas) for tensor in tensors)
    out = torch.empty(shape, dtype=kind) if whole else torch.full(shape, fill, dtype=kind)
    for row, tensor in zip(out, tensors, strict=True):
        _copy(tensor, row[..., : tensor.shape[-2], : tensor.shape[-1]])
    return out


def _copy(source: Tensor, target: Tensor) -> None:
    import cv2

    interleaved = source.movedim(0, -1)
    if source.ndim == 3 and len(source) > 1 and interleaved.is_contiguous() and target.is_contiguous():
        # Decoded pixels lie R, G, B, R, G, B; OpenCV sorts them into planes ten times faster than torch copies them.
        cv2.split(interleaved.numpy(), list(target.numpy()))
    else:
        target.copy_(source)
