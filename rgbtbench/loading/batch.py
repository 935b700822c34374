"""The Batch: what a loader hands to a model. Specification: docs/formats/batch.md."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class BoxTargets:
    """Boxes of one image.

    Attributes:
        boxes_xyxy: float32 (N, 4), half-open, in pixels of the batch's tensors.
        labels: int64 (N,), ids of the loader's label space.
        ignore: bool (N,), regions that are neither hit nor miss.
    """

    boxes_xyxy: Tensor
    labels: Tensor
    ignore: Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """B samples, aligned over modalities.

    Attributes:
        keys: B keys, local to the dataset.
        images: modality to uint8 (uint16 or float32 where the files are) (B, C, H, W), pixel values as stored; in
            memory the channels of a pixel lie beside each other.
        present: modality to bool (B,); False where the model has to do without the modality; its pixels are 0.
        valid: bool (B,); False for samples that only fill up the last batch and must count nowhere.
        pixel_mask: bool (B, H, W); False where an image was padded. One value may stand for all: do not write into it.
        sizes: int64 (B, 2), height and width of the original frame that predictions are written in.
        semantic: int64 (B, H, W) with 255 for ignored pixels, or None.
        boxes: B targets, or None.
        saliency: float32 (B, 1, H, W) in [0, 1], or None.
        text: B tuples of captions, or None.
        datasets: B names of datasets; `<dataset>/<key>` names a sample among those of all datasets.
        zeroed: modality to float32 (B,), the share of the network's input, after normalisation, that is to be 0
            (`missing:<modality>/zero_norm`); absent for modalities of which nothing is.
        noisy: modality to float32 (B, 2), density of salt and pepper and deviation of normal noise in the network's
            input, after normalisation (`noisy:<modality>/<density>,<deviation>`); absent for modalities without.
    """

    keys: tuple[str, ...]
    images: dict[str, Tensor]
    present: dict[str, Tensor]
    valid: Tensor
    pixel_mask: Tensor
    sizes: Tensor
    semantic: Tensor | None = None
    boxes: tuple[BoxTargets, ...] | None = None
    saliency: Tensor | None = None
    text: tuple[tuple[str, ...], ...] | None = None
    datasets: tuple[str, ...] = ()
    zeroed: dict[str, Tensor] = field(default_factory=dict)
    noisy: dict[str, Tensor] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.keys)

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> Self:
        """Return the batch with all tensors on `device`."""
        moved = {field.name: _moved(getattr(self, field.name), device, non_blocking) for field in fields(self)}
        return replace(self, **moved)


def _moved(value: Any, device: torch.device | str, non_blocking: bool) -> Any:
    if isinstance(value, Tensor):
        return value.to(device, non_blocking=non_blocking)
    if isinstance(value, dict):
        return {name: _moved(item, device, non_blocking) for name, item in value.items()}
    if isinstance(value, BoxTargets):
        return BoxTargets(*(_moved(getattr(value, field.name), device, non_blocking) for field in fields(value)))
    if isinstance(value, tuple):
        return tuple(_moved(item, device, non_blocking) for item in value)
    return value


def content_sizes(batch: Batch) -> Tensor:
    """Return int64 (B, 2): height and width of what is image and not padding in each sample's tensors."""
    height = batch.pixel_mask.any(dim=2).sum(dim=1)
    width = batch.pixel_mask.any(dim=1).sum(dim=1)
    return torch.stack((height, width), dim=1)
