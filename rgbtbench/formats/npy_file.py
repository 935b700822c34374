"""Rasters that circulate as `.npy` files: polarisation, temperature, labels."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import InputFileError
from rgbtbench.formats.npy_header import read_npy_header
from rgbtbench.formats.paths import read_bytes, resolve_inside
from rgbtbench.pair import Image


def read_npy(root: Path, relative: str) -> NDArray[Any]:
    """Return the array of a `.npy` file below `root`, of plain numbers only.

    Raises:
        InputFileError: missing, outside `root`, damaged, or an array of Python objects.
    """
    return npy_array(read_bytes(root, relative), path=resolve_inside(root, relative))


def npy_array(data: bytes, *, path: Path | None = None) -> NDArray[Any]:
    """Return the array that the bytes of a `.npy` file hold; raises as `read_npy_header` does."""
    header = read_npy_header(data, path=path)
    samples = np.frombuffer(data, np.dtype(header.dtype), offset=header.offset)
    return samples.reshape(header.shape, order="F" if header.fortran_order else "C")


def encode_npy(raster: NDArray[np.float32]) -> bytes:
    """Return a float32 raster (H, W) or (H, W, C) as a `.npy` file; the same samples always give the same bytes."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(raster, "<f4"), version=(1, 0), allow_pickle=False)
    return file.getvalue()


def read_npy_image(root: Path, relative: str) -> Image:
    """Return one official `.npy` raster as an image.

    A float32 file in C order stays byte for byte. Other numbers become float32 where that loses nothing, and
    `conversion` says so.

    Raises:
        InputFileError: missing, outside `root`, damaged, not (H, W) or (H, W, C), or numbers that float32 cannot hold.
    """
    path = resolve_inside(root, relative)
    data = read_bytes(root, relative)
    array = npy_array(data, path=path)
    header = read_npy_header(data, path=path)
    if header.dtype == "<f4" and not header.fortran_order and array.ndim in (2, 3):
        return _image(data, array, relative, conversion=None)
    raster = _exact_float32(array, path)
    return _image(encode_npy(raster), raster, relative, conversion=f"{array.dtype} array as float32 in C order")


def stack_npy_images(root: Path, relatives: Sequence[str]) -> Image:
    """Return several `.npy` rasters (H, W) of one size as the channels of one float32 image.

    Raises:
        InputFileError: as `read_npy_image`, or the sizes differ.
    """
    planes = [_exact_float32(read_npy(root, relative), root / relative) for relative in relatives]
    for relative, plane in zip(relatives, planes, strict=True):
        if plane.ndim != 2 or plane.shape != planes[0].shape:
            raise InputFileError(
                f"has the shape {plane.shape}",
                expected=f"(H, W), the same as {relatives[0]} with {planes[0].shape}",
                path=root / relative,
                remedy="take all files from the official archive",
            )
    raster = np.stack(planes, axis=-1)
    return _image(encode_npy(raster), raster, relatives[0], conversion=f"channels from {', '.join(relatives)}")


def float32_image(raster: NDArray[np.float32], *, source: str, conversion: str) -> Image:
    """Return a float32 raster (H, W) or (H, W, C) that was taken out of another file, such as a `.mat`, as an image."""
    return _image(encode_npy(raster), raster, source, conversion=conversion)


def _image(data: bytes, raster: NDArray[Any], source: str, *, conversion: str | None) -> Image:
    height, width, *rest = raster.shape
    return Image(
        data=data,
        extension="npy",
        width=width,
        height=height,
        channels=rest[0] if rest else 1,
        bit_depth=32,
        source=source,
        conversion=conversion,
    )


def _exact_float32(array: NDArray[Any], path: Path) -> NDArray[np.float32]:
    if array.ndim not in (2, 3) or array.dtype.kind not in "biuf":
        raise InputFileError(
            f"an array of type {array.dtype} and shape {array.shape}",
            expected="numbers of shape (H, W) or (H, W, C)",
            path=path,
            remedy="use the official files",
        )
    with np.errstate(over="ignore"):
        raster = array.astype(np.float32)
    if not np.array_equal(raster.astype(array.dtype), array, equal_nan=array.dtype.kind == "f"):
        raise InputFileError(
            f"holds {array.dtype} numbers that float32 cannot hold",
            path=path,
            remedy="save it as float32 yourself, and say so with the results",
        )
    return raster
