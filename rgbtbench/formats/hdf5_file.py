"""MATLAB 7.3 files, which are HDF5: one slice of an array at a time, and nothing that lies in another file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import InputFileError
from rgbtbench.formats.image_header import MAX_PIXELS
from rgbtbench.formats.paths import resolve_inside

_AGAIN: Final = "download the file again"


def read_slice(root: Path, relative: str, name: str, index: int, *, dtype: str, axes: int) -> NDArray[Any]:
    """Return slice `index` along the first axis of an array of numbers in a MATLAB 7.3 file.

    MATLAB's last axis comes first: an image stack H x W x 3 x N has the shape (N, 3, W, H) here.

    Args:
        root: the dataset's folder.
        relative: path of the file below it.
        name: of the array, at the top of the file.
        index: from 0.
        dtype: that the array must have: `uint8`.
        axes: how many a slice must have.

    Raises:
        InputFileError: missing, outside `root`, no HDF5, without the array or with fewer slices, or the array is of
            another type or shape, is a link, keeps its numbers in another file, or is packed in pieces larger than any
            image.
    """
    import h5py

    path = resolve_inside(root, relative)
    if not path.is_file():
        raise InputFileError("no such file", path=path, remedy="download it from the dataset's homepage")
    try:
        with path.open("rb") as raw, h5py.File(raw, "r") as file:
            array = file[name] if isinstance(file.get(name, getlink=True), h5py.HardLink) else None
            if not isinstance(array, h5py.Dataset) or array.external or array.is_virtual:
                raise InputFileError(f"has no array {name!r} of its own", path=path, remedy=_AGAIN)
            # A piece of the array is unpacked whole, however little of it is asked for.
            largest = max(np.prod(shape, dtype=float) for shape in (array.shape[1:], array.chunks or ()))
            if array.dtype.name != dtype or array.ndim != axes + 1 or largest > MAX_PIXELS:
                raise InputFileError(
                    f"{name} is {array.dtype} of shape {array.shape}",
                    expected=f"{dtype} with {axes + 1} axes",
                    path=path,
                    remedy=_AGAIN,
                )
            if 0 in array.shape or not 0 <= index < array.shape[0]:
                raise InputFileError(
                    f"{name} has the shape {array.shape}", expected=f"slice {index + 1}", path=path, remedy=_AGAIN
                )
            return np.asarray(array[index])
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise InputFileError(f"cannot be read as MATLAB 7.3: {error}", path=path, remedy=_AGAIN) from error
