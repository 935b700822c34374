"""Masks whose grey values are class ids or saliency: always decoded, because the ids must be known."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.schema import Frame
from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.image_file import Pixels, decode_image, encode_png, read_verbatim
from rgbtbench.formats.image_header import ImageHeader, png_chunks, png_file, probe
from rgbtbench.labels import LabelMap
from rgbtbench.pair import Mask

_LABEL_FILES = "use the official label files"


def read_index_mask(root: Path, relative: str, *, kind: Literal["semantic", "saliency"], frame: Frame) -> Mask:
    """Return one official label PNG as a mask.

    An 8-bit grey PNG stays byte for byte; every other form that `index_values` accepts becomes one, and
    `conversion` says from what.

    Args:
        root: the dataset's folder.
        relative: path below it, with `/`.
        kind: what the values mean.
        frame: the camera whose pixels the mask follows.

    Raises:
        InputFileError: missing, outside `root`, damaged, no PNG, 16 bits deep, or in colours.
    """
    data, header, path = read_verbatim(root, relative)
    return png_mask(data, header, kind=kind, frame=frame, source=relative, path=path)


def png_mask(
    data: bytes,
    header: ImageHeader,
    *,
    kind: Literal["semantic", "saliency"],
    frame: Frame,
    source: str,
    path: Path | None = None,
) -> Mask:
    """Return the content of a label PNG as a mask; see `read_index_mask`."""
    values, conversion = index_values(data, header, kind=kind, path=path)
    if conversion is not None:
        return mask_of(values, kind=kind, frame=frame, source=source, conversion=conversion)
    return Mask(kind, frame, data, header.width, header.height, _distinct(values), source)


def mask_of(
    values: NDArray[np.uint8], *, kind: Literal["semantic", "saliency"], frame: Frame, source: str, conversion: str
) -> Mask:
    """Return values uint8 (H, W) that were taken out of another encoding as a mask; `conversion` says how."""
    height, width = values.shape
    return Mask(kind, frame, encode_png(values), width, height, _distinct(values), source, conversion)


def _distinct(values: NDArray[np.uint8]) -> tuple[int, ...]:
    return tuple(np.flatnonzero(np.bincount(values.ravel(), minlength=256)).tolist())


def index_values(
    data: bytes, header: ImageHeader, *, kind: Literal["semantic", "saliency"], path: Path | None = None
) -> tuple[NDArray[np.uint8], str | None]:
    """Decode a mask file to its values.

    A palette PNG yields its indices, never its colours. Three identical channels count as one. Semantic masks of
    1, 2 or 4 bits yield the stored numbers; saliency of so few bits is stretched over 0 to 255.

    Args:
        data: the file's content.
        header: what `probe` said about it.
        kind: what the values mean.
        path: named in errors.

    Returns:
        Values uint8 (H, W), and how they were made, null when the file is an 8-bit grey PNG.

    Raises:
        InputFileError: damaged, no PNG, 16 bits deep, or in colours.
    """
    if header.format != "png":
        raise InputFileError(
            "a mask stored as JPEG has lost its values", expected="a PNG", path=path, remedy=_LABEL_FILES
        )
    if header.bit_depth == 16:
        raise InputFileError("a mask of 16 bits per pixel", expected="8 bits", path=path, remedy=_LABEL_FILES)
    if header.palette:
        return _unstretched(decode_image(_as_grey(data), header, path=path), header), "palette indices as 8-bit grey"
    pixels = decode_image(data, header, path=path)
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
        return np.asarray(pixels, np.uint8), None
    if kind == "semantic":
        return _unstretched(pixels, header), f"{header.bit_depth}-bit ids as 8-bit grey"
    return np.asarray(pixels, np.uint8), f"{header.bit_depth}-bit grey stretched to 0..255"


def require_known_ids(mask: Mask, known: LabelMap, *, path: Path, card: str) -> None:
    """Make sure that the card names every id of a semantic mask.

    Args:
        mask: a semantic mask.
        known: the map of the label set.
        path: the label file, named in the error.
        card: the card's name, named in the error.

    Raises:
        LabelError: an id that is neither a class nor ignored; says which and on how many pixels.
    """
    unknown = known.unknown_ids(mask.values)
    if not unknown:
        return
    pixels = decode_image(mask.data, probe(mask.data))
    counts = ", ".join(f"id {value} on {int((pixels == value).sum())} pixels" for value in unknown)
    raise LabelError(
        f"holds {counts}, which the card {card} does not name",
        expected=f"ids {sorted({*known.native, *known.ignore_ids})}",
        path=path,
        remedy="use the official label files, or add the class to the card if it is real",
    )


def _as_grey(palette_png: bytes) -> bytes:
    # OpenCV only returns the colours of a palette. The compressed rows of a palette PNG and of a grey PNG of the
    # same depth are the same bytes, so the file is relabelled as grey and the indices come out.
    header_with_grey = {b"IHDR": lambda body: body[:9] + b"\0" + body[10:]}
    return png_file(
        [
            (name, header_with_grey.get(name, bytes)(body))
            for name, body in png_chunks(palette_png)
            if name in (b"IHDR", b"IDAT", b"IEND")
        ]
    )


def _unstretched(pixels: Pixels, header: ImageHeader) -> NDArray[np.uint8]:
    # Decoders stretch 1, 2 and 4 bits over 0 to 255; ids are the numbers before that.
    return np.asarray(pixels // (255 // (2**header.bit_depth - 1)), np.uint8)
