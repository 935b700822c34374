"""Ground truth of salient object detection: PNG as it is, JPEG after a threshold."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from rgbtbench.cards.schema import Frame
from rgbtbench.errors import InputFileError
from rgbtbench.formats.image_file import decode_image
from rgbtbench.formats.image_header import probe
from rgbtbench.formats.index_mask import mask_of, png_mask
from rgbtbench.formats.paths import read_bytes, resolve_inside
from rgbtbench.pair import Mask

#: Compression leaves grey rings about the edges of a binary map; from here on they are white.
THRESHOLD: Final = 128
#: ITU-R BT.601, as image libraries turn colour into grey.
_LUMINANCE: Final = np.array([0.299, 0.587, 0.114], np.float32)


def read_saliency_mask(root: Path, relative: str, *, frame: Frame) -> Mask:
    """Return one official saliency map, 0 to 255.

    What the file is decides, and not its ending: repacks name PNG files `.jpg`. A PNG is read as `read_index_mask`
    reads it. A JPEG becomes 0 and 255 at `THRESHOLD` of its grey value, and `conversion` says so.

    Raises:
        InputFileError: missing, outside `root`, damaged, 16 bits deep, a PNG in colours, or a CMYK JPEG.
    """
    path, data = resolve_inside(root, relative), read_bytes(root, relative)
    header = probe(data, path=path)
    if header.format == "jpg" and header.channels not in (1, 3):
        raise InputFileError(
            f"a JPEG with {header.channels} components (CMYK)",
            expected="grey or colour",
            path=path,
            remedy="use the official ground truth",
        )
    if header.format != "jpg":
        return png_mask(data, header, kind="saliency", frame=frame, source=relative, path=path)
    pixels = decode_image(data, header, path=path)
    grey = pixels if pixels.ndim == 2 else np.rint(pixels.astype(np.float32) @ _LUMINANCE)
    binary = np.where(grey >= THRESHOLD, 255, 0).astype(np.uint8)
    said = f"JPEG, 255 where at least {THRESHOLD}"
    return mask_of(binary, kind="saliency", frame=frame, source=relative, conversion=said)
