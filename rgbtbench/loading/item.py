"""One sample between decoding and the batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from rgbtbench.cards.augmentations import Size
from rgbtbench.formats.image_file import Pixels
from rgbtbench.loading.batch import BoxTargets
from rgbtbench.pair import Boxes


@dataclass(frozen=True, slots=True)
class Item:
    """One sample of a batch, before padding.

    Attributes:
        key: the sample's key.
        images: modality to uint8, uint16 or float32 (C, H, W), read-only where they are cached; all share H and W once
            `on_grid` has run.
        size: height and width of the label frame as stored.
        missing: modalities that the model has to do without; their pixels are 0.
        filled: modalities whose pixels are no image of a scene, `missing` among them.
        zeroed: modality to the share of the network's input, after normalisation, that is to be 0.
        noisy: modality to the density and the deviation of noise in the network's input, after normalisation.
        mask: uint8 (H, W), semantic ids or saliency levels, or None.
        boxes: boxes on the grid, or None.
        text: captions, or None.
        valid: False where the sample only fills up a batch.
        dataset: name of the sample's dataset.
    """

    key: str
    images: Mapping[str, Pixels]
    size: Size
    missing: frozenset[str] = frozenset()
    filled: frozenset[str] = frozenset()
    zeroed: Mapping[str, float] = field(default_factory=dict)
    noisy: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    mask: NDArray[np.uint8] | None = None
    boxes: BoxTargets | None = None
    text: tuple[str, ...] | None = None
    valid: bool = True
    dataset: str = ""

    @property
    def grid(self) -> tuple[int, int]:
        """Height and width of the images."""
        height, width = next(iter(self.images.values())).shape[-2:]
        return height, width


class Items(Protocol):
    """Items of known number, each of which may be made when it is asked for."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __iter__(self) -> Iterator[Item]:
        """Yield them in order; making one may raise a `UserError`."""


def planes(pixels: Pixels) -> Pixels:
    """Return (H, W, C) pixels as (C, H, W), in the same memory."""
    return pixels.transpose(2, 0, 1)


def box_targets(boxes: Boxes) -> BoxTargets:
    """Return boxes as tensors, coordinates in float32."""
    return BoxTargets(
        boxes_xyxy=torch.from_numpy(boxes.xyxy.astype(np.float32)),
        labels=torch.from_numpy(boxes.labels),
        ignore=torch.from_numpy(boxes.ignore),
    )
