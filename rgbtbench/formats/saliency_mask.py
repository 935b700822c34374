"""Ground truth of salient object detection: PNG as it is, JPEG after a threshold."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.schema import Frame
from rgbtbench.errors import InputFileError
from rgbtbench.formats.grey_map import luminance
from rgbtbench.formats.image_file import decode_image
from rgbtbench.formats.image_header import ImageHeader, probe
from rgbtbench.formats.index_mask import index_values, mask_of, png_mask
from rgbtbench.formats.paths import read_bytes, resolve_inside
from rgbtbench.pair import Mask

#: Compression leaves grey rings about the edges of a binary map; from here on they are white.
THRESHOLD: Final = 128


def read_saliency_mask(root: Path, relative: str, *, frame: Frame) -> Mask:
    """Return one official saliency map, 0 to 255.

    What the file is decides, and not its ending: repacks name PNG files `.jpg`. A PNG is read as `read_index_mask`
    reads it. A JPEG becomes 0 and 255 at `THRESHOLD` of its grey value, and `conversion` says so.

    Raises:
        InputFileError: missing, outside `root`, damaged, 16 bits deep, a PNG in colours, or a CMYK JPEG.
    """
    path, data = resolve_inside(root, relative), read_bytes(root, relative)
    header = probe(data, path=path)
    if header.format != "jpg":
        return png_mask(data, header, kind="saliency", frame=frame, source=relative, path=path)
    binary = _binary(data, header, path)
    said = f"JPEG, 255 where at least {THRESHOLD}"
    return mask_of(binary, kind="saliency", frame=frame, source=relative, conversion=said)


def saliency_values(data: bytes) -> NDArray[np.uint8]:
    """Return the levels, uint8 (H, W), that `read_saliency_mask` takes from a file's content; raises as it does."""
    header = probe(data)
    return _binary(data, header, None) if header.format == "jpg" else index_values(data, header, kind="saliency")[0]


def _binary(data: bytes, header: ImageHeader, path: Path | None) -> NDArray[np.uint8]:
    if header.channels not in (1, 3):
        raise InputFileError(
            f"a JPEG with {header.channels} components (CMYK)",
            expected="grey or colour",
            path=path,
            remedy="use the official ground truth",
        )
    pixels = np.asarray(decode_image(data, header, path=path), np.uint8)
    grey = pixels if pixels.ndim == 2 else luminance(pixels)
    return np.where(grey >= THRESHOLD, 255, 0).astype(np.uint8)
