"""Images and masks of a dataset, as `pair.Image` and `pair.Mask`: official bytes wherever they can stay.

Photographs are probed, never re-encoded. Masks are always decoded, because their ids must be known.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.schema import Frame
from rgbtbench.errors import InputFileError
from rgbtbench.formats.image_header import ImageHeader, png_chunks, png_file, probe
from rgbtbench.formats.paths import read_bytes, resolve_inside
from rgbtbench.pair import Image, Mask

__all__ = ["ImageHeader", "decode_image", "encode_png", "probe", "read_image_file", "read_index_mask", "read_raster"]

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
_EXTENSIONS: dict[str, Literal["jpg", "png"]] = {".jpg": "jpg", ".jpeg": "jpg", ".png": "png"}
#: zlib's own middle: a higher level costs several times the time for a few percent.
PNG_LEVEL = 6


def read_image_file(root: Path, relative: str, *, check: Literal["probe", "full"] = "probe") -> Image:
    """Return one official JPEG or PNG file, byte for byte.

    Args:
        root: the dataset's folder.
        relative: path below it, with `/`.
        check: `probe` reads the structure (header, end marker, PNG checksums); `full` also decodes all pixels.

    Raises:
        InputFileError: missing, outside `root`, damaged, named as another format, CMYK, or not 8 or 16 bits deep.
    """
    data, header, path = _read(root, relative)
    depths = (8,) if header.format == "jpg" else (8, 16)
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


def read_raster(root: Path, relative: str) -> tuple[Pixels, ImageHeader]:
    """Return all pixels of an official image file as `decode_image` gives them, with its header; raises as it does."""
    data, header, path = _read(root, relative)
    return decode_image(data, header, path=path), header


def read_index_mask(root: Path, relative: str, *, kind: Literal["semantic", "saliency"], frame: Frame) -> Mask:
    """Return one official label PNG as a mask of grey values, decoded and checked.

    An 8-bit grey PNG stays as it is. A palette PNG yields its indices, never its colours. A colour PNG with three
    identical channels, and a grey one of fewer than 8 bits, become 8-bit grey; `conversion` says so.

    Args:
        root: the dataset's folder.
        relative: path below it, with `/`.
        kind: what the values mean.
        frame: the camera whose pixels the mask follows.

    Raises:
        InputFileError: missing, outside `root`, damaged, no PNG, 16 bits deep, or in colours.
    """
    data, header, path = _read(root, relative)
    if header.format != "png":
        raise InputFileError(
            "a mask stored as JPEG has lost its values",
            expected="a PNG",
            path=path,
            remedy="use the official label files",
        )
    if header.bit_depth == 16:
        raise InputFileError(
            "a mask of 16 bits per pixel", expected="8 bits", path=path, remedy="use the official label files"
        )
    values: NDArray[np.uint8]
    conversion: str | None
    if header.palette:
        values, conversion = _palette_indices(data, header, path), "palette indices as 8-bit grey"
    else:
        values, conversion = _grey_values(decode_image(data, header, path=path), header, kind, path)
    return Mask(
        kind=kind,
        frame=frame,
        data=data if conversion is None else encode_png(values),
        width=header.width,
        height=header.height,
        values=tuple(np.flatnonzero(np.bincount(values.ravel(), minlength=256)).tolist()),
        source=relative,
        conversion=conversion,
    )


def decode_image(data: bytes, header: ImageHeader, *, path: Path | None = None) -> Pixels:
    """Decode a JPEG or PNG file to its raw samples: no alpha compositing, no orientation, no scaling of 16 bits.

    Args:
        data: the file's content.
        header: what `probe` said about it.
        path: named in errors.

    Returns:
        uint8 or uint16 (H, W) for one channel, else (H, W, C) in the file's order: RGB, RGBA, grey and alpha.

    Raises:
        InputFileError: the pixel data is damaged.
    """
    import cv2

    try:
        pixels: Any = _decode_jpeg(data, header) if header.format == "jpg" else _decode_png(data)
    except (cv2.error, ValueError) as error:
        raise _undecodable(path) from error
    if pixels is None or pixels.shape[:2] != (header.height, header.width):
        raise _undecodable(path)
    return cast("Pixels", pixels)


def encode_png(pixels: Pixels) -> bytes:
    """Encode raw samples as PNG; the same pixels always give the same bytes.

    Args:
        pixels: uint8 or uint16, (H, W) or (H, W, C) with RGB or RGBA.

    Returns:
        The PNG file.
    """
    import cv2

    order = slice(None) if pixels.ndim == 2 else [2, 1, 0, 3][: pixels.shape[2]]
    options = [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_DEFAULT]
    _, encoded = cv2.imencode(".png", np.ascontiguousarray(pixels[..., order] if pixels.ndim == 3 else pixels), options)
    return bytes(encoded)


def _read(root: Path, relative: str) -> tuple[bytes, ImageHeader, Path]:
    path = resolve_inside(root, relative)
    data = read_bytes(root, relative)
    header = probe(data, path=path)
    named = _EXTENSIONS.get(PurePosixPath(relative).suffix.lower())
    if named != header.format:
        raise InputFileError(
            f"the content is {header.format.upper()}",
            expected="what the extension says",
            path=path,
            remedy="rename the file",
        )
    return data, header, path


def _undecodable(path: Path | None) -> InputFileError:
    return InputFileError("the pixels cannot be decoded", path=path, remedy="unpack or download the file again")


def _decode_jpeg(data: bytes, header: ImageHeader) -> Any:
    import simplejpeg

    pixels = simplejpeg.decode_jpeg(data, "GRAY" if header.channels == 1 else "RGB", strict=True)
    return pixels[..., 0] if header.channels == 1 else pixels


def _decode_png(data: bytes) -> Any:
    import cv2

    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.ndim == 2:
        return pixels
    return np.ascontiguousarray(pixels[..., [2, 1, 0, 3][: pixels.shape[2]]])


def _palette_indices(data: bytes, header: ImageHeader, path: Path) -> NDArray[np.uint8]:
    # OpenCV only returns colours of a palette. The compressed rows of a palette PNG and of a grey PNG of the same
    # depth are the same bytes, so the file is relabelled as grey and the indices come out.
    chunks = [
        (name, body[:9] + b"\0" + body[10:] if name == b"IHDR" else body)
        for name, body in png_chunks(data, path=path)
        if name in (b"IHDR", b"IDAT", b"IEND")
    ]
    pixels = decode_image(png_file(chunks), header, path=path)
    return _unscaled(pixels, header)


def _unscaled(pixels: Pixels, header: ImageHeader) -> NDArray[np.uint8]:
    # Decoders stretch 1, 2 and 4 bits over 0 to 255; ids are the numbers before that.
    return np.asarray(pixels // (255 // (2**header.bit_depth - 1)), np.uint8)


def _grey_values(
    pixels: Pixels, header: ImageHeader, kind: Literal["semantic", "saliency"], path: Path
) -> tuple[NDArray[np.uint8], str | None]:
    if pixels.ndim == 3:
        if pixels.shape[2] != 3 or (pixels != pixels[..., :1]).any():
            raise InputFileError(
                f"a mask in colours ({pixels.shape[2]} channels)",
                expected="one channel of ids",
                path=path,
                remedy="use the folder with index labels, not the rendered one",
            )
        return np.ascontiguousarray(pixels[..., 0], np.uint8), "one of three identical channels"
    if header.bit_depth == 8:
        return pixels.astype(np.uint8, copy=False), None
    if kind == "semantic":
        return _unscaled(pixels, header), f"{header.bit_depth}-bit ids as 8-bit grey"
    return pixels.astype(np.uint8, copy=False), f"{header.bit_depth}-bit grey stretched to 0..255"
