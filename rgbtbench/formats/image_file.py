"""Photographs of a dataset as `pair.Image`: official bytes, probed and never re-encoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import InputFileError
from rgbtbench.formats.image_header import ImageHeader, probe, read_header
from rgbtbench.formats.npy_file import npy_array
from rgbtbench.formats.paths import read_bytes
from rgbtbench.formats.png_pixels import png_pixels
from rgbtbench.pair import Image

__all__ = [
    "LUMINANCE",
    "ImageHeader",
    "Levels",
    "Pixels",
    "decode_image",
    "encode_png",
    "headers_alone",
    "png_image",
    "probe",
    "read_image_file",
    "read_raster",
    "read_verbatim",
]

#: Weights of red, green and blue in luminance (ITU-R BT.601), as image libraries turn colour into grey.
LUMINANCE: Final = (0.299, 0.587, 0.114)
#: Samples of an integer type, which has a darkest and a brightest level.
Levels = NDArray[np.uint8] | NDArray[np.uint16]
Pixels = Levels | NDArray[np.float32]
_EXTENSIONS: dict[str, Literal["jpg", "png", "npy"]] = {".jpg": "jpg", ".jpeg": "jpg", ".png": "png", ".npy": "npy"}
#: What official photographs are looked at with.
_look_at: Final = ContextVar[Callable[..., ImageHeader]]("_look_at", default=probe)


def read_image_file(root: Path, relative: str, *, check: Literal["probe", "full"] = "probe") -> Image:
    """Return one official JPEG, PNG or float32 NumPy file, byte for byte.

    Args:
        root: the dataset's folder.
        relative: path below it, with `/`.
        check: `probe` reads the structure (header, end marker, PNG checksums) unless told otherwise by
            `headers_alone`; `full` also decodes all pixels.

    Raises:
        InputFileError: missing, outside `root`, damaged, named as another format, CMYK, or not 8 or 16 bits deep
            (float32 for NumPy files).
    """
    data, header, path = _verbatim(root, relative, _look_at.get())
    depths = {"jpg": (8,), "png": (8, 16), "npy": (32,)}[header.format]
    if header.format == "jpg" and header.channels not in (1, 3):
        raise InputFileError(
            f"a JPEG with {header.channels} components (CMYK)",
            expected="grey or colour",
            path=path,
            remedy="convert it to RGB, or leave the sample out",
        )
    if header.bit_depth not in depths and not header.palette:
        raise InputFileError(
            f"{header.bit_depth} bits per sample",
            expected=" or ".join(map(str, depths)),
            path=path,
            remedy="convert it to 8 or 16 bits",
        )
    if check == "full":
        decode_image(data, header, path=path)
    return Image(
        data=data,
        extension=header.format,
        width=header.width,
        height=header.height,
        channels=header.channels,
        bit_depth=8 if header.palette else header.bit_depth,
        source=relative,
    )


def read_verbatim(root: Path, relative: str) -> tuple[bytes, ImageHeader, Path]:
    """Return the bytes, header and path of an official image file, whatever it shows.

    Raises:
        InputFileError: missing, outside `root`, damaged, or named as another format.
    """
    return _verbatim(root, relative, probe)


@contextmanager
def headers_alone() -> Iterator[None]:
    """Let `read_image_file` read headers alone within the block: damage behind them goes unnoticed.

    What is decoded anyway, such as masks and images in other encodings, is looked at as ever.
    """
    before = _look_at.set(read_header)
    try:
        yield
    finally:
        _look_at.reset(before)


def _verbatim(root: Path, relative: str, look_at: Callable[..., ImageHeader]) -> tuple[bytes, ImageHeader, Path]:
    data, path = read_bytes(root, relative), root / relative
    header = look_at(data, path=path)
    if _EXTENSIONS.get(path.suffix.lower()) != header.format:
        raise InputFileError(
            f"the content is {header.format.upper()}",
            expected="what the extension says",
            path=path,
            remedy="rename the file",
        )
    return data, header, path


def read_raster(root: Path, relative: str) -> tuple[Pixels, ImageHeader]:
    """Return all pixels of an official image file as `decode_image` gives them, with its header; raises as it does."""
    data, header, path = read_verbatim(root, relative)
    return decode_image(data, header, path=path), header


def png_image(pixels: Levels, *, source: str, conversion: str) -> Image:
    """Return raw samples (H, W) or (H, W, C) that were taken out of another encoding as a PNG image."""
    return Image(
        data=encode_png(pixels),
        extension="png",
        width=pixels.shape[1],
        height=pixels.shape[0],
        channels=1 if pixels.ndim == 2 else pixels.shape[2],
        bit_depth=8 * pixels.dtype.itemsize,
        source=source,
        conversion=conversion,
    )


def decode_image(data: bytes | memoryview, header: ImageHeader, *, path: Path | None = None) -> Pixels:
    """Decode a JPEG, PNG or NumPy file to its raw samples: no alpha compositing, no orientation, no scaling of 16 bits.

    Args:
        data: the file's content.
        header: what `probe` said about it.
        path: named in errors.

    Returns:
        uint8, uint16 or float32 (H, W) for one channel, else (H, W, C) in the file's order: RGB, RGBA, grey and alpha.

    Raises:
        InputFileError: the pixel data is damaged.
    """
    if header.format == "npy":
        raster = npy_array(bytes(data), path=path)
        return raster[..., 0] if raster.ndim == 3 and header.channels == 1 else raster
    import cv2

    try:
        pixels: Any = _decode_jpeg(data, header) if header.format == "jpg" else _decode_png(data, header)
    except (cv2.error, ValueError) as error:
        raise _undecodable(path) from error
    if pixels is None or pixels.shape[:2] != (header.height, header.width):
        raise _undecodable(path)
    return cast("Pixels", _stored_channels(pixels, header.channels))


def encode_png(pixels: Levels) -> bytes:
    """Encode raw samples as PNG; the same pixels always give the same bytes.

    Args:
        pixels: uint8 or uint16, (H, W) or (H, W, C) with RGB or RGBA.

    Returns:
        The PNG file.
    """
    import cv2

    blue_first = pixels if pixels.ndim == 2 else _ends_swapped(np.ascontiguousarray(pixels))
    # Run lengths after a filter chosen per row: smaller than zlib's level 6 on these images, in a fifth of the time.
    options = [
        cv2.IMWRITE_PNG_STRATEGY,
        cv2.IMWRITE_PNG_STRATEGY_RLE,
        cv2.IMWRITE_PNG_FILTER,
        cv2.IMWRITE_PNG_ALL_FILTERS,
    ]
    _, encoded = cv2.imencode(".png", blue_first, options)
    return bytes(encoded)


def _undecodable(path: Path | None) -> InputFileError:
    return InputFileError("the pixels cannot be decoded", path=path, remedy="unpack or download the file again")


def _decode_jpeg(data: bytes | memoryview, header: ImageHeader) -> Any:
    import simplejpeg

    pixels = simplejpeg.decode_jpeg(data, "GRAY" if header.channels == 1 else "RGB", strict=True)
    return pixels[..., 0] if header.channels == 1 else pixels


def _decode_png(data: bytes | memoryview, header: ImageHeader) -> Any:
    fast = png_pixels(bytes(data), header)
    if fast is not None:
        return fast
    import cv2

    encoded = np.frombuffer(data, np.uint8)
    if header.channels == 3 and not header.palette:
        # Red first at once; what OpenCV makes of a transparent colour is left out here as in `_stored_channels`.
        return cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION)
    pixels = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
    return pixels if pixels is None or pixels.ndim == 2 else _ends_swapped(pixels)


def _stored_channels(pixels: Any, count: int) -> Any:
    """Undo that OpenCV turns grey with alpha into RGBA, and a transparent colour into an alpha channel."""
    if pixels.ndim == 2 or pixels.shape[2] == count:
        return pixels
    kept = pixels[..., ::3] if count == 2 else pixels[..., :count]
    return kept[..., 0] if count == 1 else np.ascontiguousarray(kept)


def _ends_swapped(pixels: Any) -> Any:
    """Turn OpenCV's order of channels, blue first, into red first, or back; alpha stays last."""
    import cv2

    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)
