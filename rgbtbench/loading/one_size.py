"""Parts of a batch whose samples have one size: what a network says of a sample must not depend on the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from torch import Tensor

from rgbtbench.loading.batch import Batch


def parts_of_one_size(batch: Batch) -> Iterator[Batch]:
    """Yield parts of a batch without padding: of each the samples have the same size, as tensors and originally.

    Args:
        batch: any; a batch of one size is the only part.
    """
    heights = batch.pixel_mask.any(dim=2).sum(dim=1).tolist()
    widths = batch.pixel_mask.any(dim=1).sum(dim=1).tolist()
    kinds: dict[tuple[int, ...], list[int]] = {}
    for row, kind in enumerate(zip(heights, widths, *batch.sizes.T.tolist(), strict=True)):
        kinds.setdefault(kind, []).append(row)
    if len(kinds) == 1 and bool(batch.pixel_mask.all()):
        yield batch
        return
    for (height, width, *_), rows in kinds.items():
        yield _part(batch, rows, height=height, width=width)


def _part(batch: Batch, rows: list[int], *, height: int, width: int) -> Batch:
    def chosen(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value[rows]
        if isinstance(value, dict):
            return {name: tensor[rows] for name, tensor in value.items()}
        return tuple(value[row] for row in rows) if value else value

    def cropped(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor[..., :height, :width]

    part = replace(batch, **{field.name: chosen(getattr(batch, field.name)) for field in fields(batch)})
    return replace(
        part,
        images={name: image[..., :height, :width] for name, image in part.images.items()},
        pixel_mask=part.pixel_mask[:, :height, :width],
        semantic=cropped(part.semantic),
        saliency=cropped(part.saliency),
    )
