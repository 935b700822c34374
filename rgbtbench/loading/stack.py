"""Arrays of several samples in one, each copied as soon as it is there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from torch import Tensor

from rgbtbench.cards.augmentations import Size
from rgbtbench.loading.rooms import Block, uninitialised


class Stack:
    """Arrays (..., H, W) of any height and width at the upper left of one array (count, ..., H, W).

    Channels lie beside each other in memory, as decoders leave them. All steps are NumPy's and OpenCV's on one thread:
    torch would share each copy between threads, which on a busy machine wait for each other longer than the copy takes.

    Args:
        count: how many samples there will be.
        fill: what lies beside those that are smaller.
        canvas: height and width; None for those of the largest sample.
        dtype: of the whole; None for that of the samples.
        block: memory (count, H, W, C) in whose rows samples may lie already, each in its own; it is used when the first
            one does.
    """

    def __init__(
        self,
        count: int,
        *,
        fill: int = 0,
        canvas: Size | None = None,
        dtype: DTypeLike | None = None,
        block: Block | None = None,
    ) -> None:
        self._count = count
        self._fill = fill
        self._size = canvas or (0, 0)
        self._dtype = dtype
        self._block = block
        self._in_block = False
        self._array: NDArray[Any] | None = None
        self._filled: list[Size] = []

    def put(self, values: NDArray[Any]) -> None:
        """Append the next sample (..., h, w); what comes before h and w is the same in all."""
        height, width = values.shape[-2:]
        self._make_room((height, width))
        if self._array is None:
            self._array = self._begun(values)
        if not (self._in_block and self._lies_in_block(values)):
            self._place(values, self._array[len(self._filled)])
        self._filled.append((height, width))

    def skip(self, size: Size) -> None:
        """Append a sample of this height and width that is all fill."""
        self._make_room(size)
        if self._array is not None:
            self._array[len(self._filled)] = self._fill
        self._filled.append((0, 0))

    def whole(self, leading: tuple[int, ...] = (), dtype: DTypeLike = np.uint8) -> Tensor:
        """Return all samples; `leading` and `dtype` are their kind when every one of them was skipped."""
        if self._array is None:
            self._array = self._empty(leading, self._dtype or dtype)
            self._array[...] = self._fill
        return self._tensor

    def _make_room(self, size: Size) -> None:
        before, self._size = self._size, (max(self._size[0], size[0]), max(self._size[1], size[1]))
        if self._array is None or self._size == before:
            return
        self._in_block = False
        smaller, self._array = self._array, self._empty(self._array.shape[1:-2], self._array.dtype)
        for row, (height, width) in enumerate(self._filled):
            self._place(smaller[row, ..., :height, :width], self._array[row])

    def _begun(self, values: NDArray[Any]) -> NDArray[Any]:
        if self._block is not None and not self._filled and self._lies_in_block(values):
            self._in_block = True
            self._tensor = self._block.tensor.permute(0, 3, 1, 2)
            return self._block.array.transpose(0, 3, 1, 2)
        array = self._empty(values.shape[:-2], self._dtype or values.dtype)
        array[: len(self._filled)] = self._fill
        return array

    def _empty(self, leading: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        whole = uninitialised((self._count, *self._size, *leading), dtype)
        self._tensor = whole.permute(0, 3, 1, 2) if leading else whole
        return self._tensor.numpy()

    def _place(self, values: NDArray[Any], target: NDArray[Any]) -> None:
        height, width = values.shape[-2:]
        if (height, width) != self._size:
            target[...] = self._fill
        _copy(values, target[..., :height, :width])

    def _lies_in_block(self, values: NDArray[Any]) -> bool:
        """Return whether a sample was decoded in place: its row is its own, and a part of it would be smaller."""
        return self._block is not None and values.base is self._block.array and values.shape[-2:] == self._size


def _copy(values: NDArray[Any], target: NDArray[Any]) -> None:
    import cv2

    if values.ndim == 3 and len(values) > 1 and values.strides[-1] == values.itemsize and values.size:
        # Planes, as some changes leave them; OpenCV weaves them ten times faster than NumPy.
        cv2.merge(list(values), target.transpose(1, 2, 0))
    else:
        np.copyto(target, values)
