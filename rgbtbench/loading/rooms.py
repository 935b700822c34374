"""Memory of a batch that decoders write into, so that pixels need not be copied there."""

from __future__ import annotations

import math
from threading import Lock
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import DTypeLike, NDArray
from torch import Tensor
from torch.utils.data import get_worker_info


class Block(NamedTuple):
    """Memory (B, H, W, C) as a tensor and as an array."""

    tensor: Tensor
    array: NDArray[np.uint8]


class Rooms:
    """For each modality of a batch a block of memory with a row for each sample.

    The first image of a modality that is decoded decides the size of the rows; an image of another size gets memory of
    its own. Several threads may decode at once.

    Args:
        count: samples of the batch.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._blocks: dict[str, Block] = {}
        self._lock = Lock()

    def room(self, modality: str, at: int, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
        """Return uint8 memory (H, W, C) for a modality of the sample in row `at`."""
        with self._lock:
            if modality not in self._blocks:
                whole = uninitialised((self._count, *shape), np.uint8)
                self._blocks[modality] = Block(whole, whole.numpy())
        array = self._blocks[modality].array
        return array[at] if array.shape[1:] == shape else np.empty(shape, np.uint8)

    def block(self, modality: str) -> Block | None:
        """Return what the rooms of a modality are rows of; None where nobody asked for one."""
        return self._blocks.get(modality)


def uninitialised(shape: tuple[int, ...], dtype: DTypeLike) -> Tensor:
    """Return memory; in a worker process memory that it shares with the process which takes the batch."""
    if get_worker_info() is None:
        return torch.from_numpy(np.empty(shape, dtype))
    # As torch's own collation does, so that the batch is not copied once more on its way.
    storage = torch.UntypedStorage._new_shared(math.prod(shape) * np.dtype(dtype).itemsize)  # type: ignore[no-untyped-call]
    whole = torch.empty(0, dtype=torch.from_numpy(np.empty(0, dtype)).dtype)
    return whole.set_(storage).view(shape)
