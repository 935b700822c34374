"""One sample as tensors, between decoding and the batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rgbtbench.cards.augmentations import Size
from rgbtbench.formats.image_file import Pixels
from rgbtbench.loading.batch import BoxTargets
from rgbtbench.pair import Boxes


@dataclass(frozen=True, slots=True)
class Item:
    """One sample of a batch, before padding.

    Attributes:
        key: the sample's key.
        images: modality to uint8, uint16 or float32 (C, H, W); all share H and W once `on_grid` has run.
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
    images: Mapping[str, Tensor]
    size: Size
    missing: frozenset[str] = frozenset()
    filled: frozenset[str] = frozenset()
    zeroed: Mapping[str, float] = field(default_factory=dict)
    noisy: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    mask: Tensor | None = None
    boxes: BoxTargets | None = None
    text: tuple[str, ...] | None = None
    valid: bool = True
    dataset: str = ""

    @property
    def grid(self) -> tuple[int, int]:
        """Height and width of the images."""
        height, width = next(iter(self.images.values())).shape[-2:]
        return int(height), int(width)


class Items(Protocol):
    """Items of known number, each of which may be made when it is asked for."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __iter__(self) -> Iterator[Item]:
        """Yield them in order; making one may raise a `UserError`."""


def image_tensor(pixels: Pixels) -> Tensor:
    """Return (H, W, C) pixels as a (C, H, W) tensor of the same type."""
    return _tensor(pixels).permute(2, 0, 1)


def mask_tensor(mask: NDArray[np.uint8]) -> Tensor:
    """Return an (H, W) mask as a tensor of the same type."""
    return _tensor(mask)


def box_targets(boxes: Boxes) -> BoxTargets:
    """Return boxes as tensors, coordinates in float32."""
    return BoxTargets(
        boxes_xyxy=torch.from_numpy(boxes.xyxy.astype(np.float32)),
        labels=torch.from_numpy(boxes.labels),
        ignore=torch.from_numpy(boxes.ignore),
    )


def _tensor(pixels: Pixels) -> Tensor:
    return torch.from_numpy(pixels if pixels.flags.writeable else np.asarray(_Unlocked(pixels)))


class _Unlocked:
    """The memory of a cached array, which is read-only, for torch, which cannot express that.

    A batch copies what it takes, and no transform writes into what it gets.
    """

    def __init__(self, pixels: Pixels) -> None:
        facts = pixels.__array_interface__
        self.__array_interface__ = {**facts, "data": (facts["data"][0], False)}
        self._pixels = pixels  # keeps the memory alive
