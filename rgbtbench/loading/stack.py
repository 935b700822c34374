"""Arrays of several samples in one, each copied as soon as it is there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import DTypeLike, NDArray
from torch import Tensor
from torch.utils.data import get_worker_info

from rgbtbench.cards.augmentations import Size


class Stack:
    """Arrays (..., H, W) of any height and width at the upper left of one array (count, ..., H, W).

    The decoded pixels of one sample at a time lie outside it, in memory that the processor has just used. All steps are
    NumPy's and OpenCV's on one thread: torch would share each copy between threads, which on a busy machine wait for
    each other longer than the copy takes.

    Args:
        count: how many samples there will be.
        fill: what lies beside those that are smaller.
        canvas: height and width; None for those of the largest sample.
        dtype: of the whole; None for that of the samples.
    """

    def __init__(
        self, count: int, *, fill: int = 0, canvas: Size | None = None, dtype: DTypeLike | None = None
    ) -> None:
        self._count = count
        self._fill = fill
        self._size = canvas or (0, 0)
        self._dtype = dtype
        self._array: NDArray[Any] | None = None
        self._filled: list[Size] = []

    def put(self, values: NDArray[Any]) -> None:
        """Append the next sample (..., h, w); what comes before h and w is the same in all."""
        height, width = values.shape[-2:]
        self._make_room((height, width))
        if self._array is None:
            self._array = self._empty(values.shape[:-2], self._dtype or values.dtype)
            self._array[: len(self._filled)] = self._fill
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
        smaller, self._array = self._array, self._empty(self._array.shape[1:-2], self._array.dtype)
        for row, (height, width) in enumerate(self._filled):
            self._place(smaller[row, ..., :height, :width], self._array[row])

    def _empty(self, leading: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        self._tensor = _uninitialised((self._count, *leading, *self._size), dtype)
        return self._tensor.numpy()

    def _place(self, values: NDArray[Any], target: NDArray[Any]) -> None:
        height, width = values.shape[-2:]
        if (height, width) != self._size:
            target[...] = self._fill
        _copy(values, target[..., :height, :width])


def _uninitialised(shape: tuple[int, ...], dtype: DTypeLike) -> Tensor:
    """Return memory; in a worker process memory that it shares with the process which takes the batch."""
    if get_worker_info() is None:
        return torch.from_numpy(np.empty(shape, dtype))
    # As torch's own collation does, so that the batch is not copied once more on its way.
    storage = torch.UntypedStorage._new_shared(math.prod(shape) * np.dtype(dtype).itemsize)  # type: ignore[no-untyped-call]
    whole = torch.empty(0, dtype=torch.from_numpy(np.empty(0, dtype)).dtype)
    return whole.set_(storage).view(shape)


def _copy(values: NDArray[Any], target: NDArray[Any]) -> None:
    import cv2

    interleaved = values.ndim == 3 and len(values) > 1 and values.strides[0] == values.itemsize
    if interleaved and values.size and target.flags.c_contiguous and target.dtype == values.dtype:
        # Decoded pixels lie R, G, B, R, G, B; OpenCV sorts them into planes ten times faster than NumPy copies them.
        cv2.split(np.moveaxis(values, 0, -1), list(target))
    else:
        np.copyto(target, values)
