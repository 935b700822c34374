"""Image files that every browser shows, made from whatever the shards hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.formats.image_file import Pixels, decode_image, encode_png, probe
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.loading.sample import Sample

#: Percentiles of a 16-bit image that become black and white.
LOW, HIGH = 1.0, 99.0
THUMBNAIL_WIDTH: Final = 192


@dataclass(frozen=True, slots=True)
class Picture:
    """A file for the browser.

    Attributes:
        data: its content.
        extension: `jpg` or `png`.
        note: what was done to the pixels, the condition first; null for the official bytes.
    """

    data: bytes
    extension: str
    note: str | None = None


def picture(data: bytes, facts: Mapping[str, Any]) -> Picture:
    """Return stored image bytes as a file that a browser shows truthfully.

    Grey and colour images of 8 bits are handed on byte for byte. Deeper ones are stretched between percentiles, and
    channels beyond three are left out; the note says so.

    Args:
        data: the member's bytes.
        facts: its part of the sample's record: `channels` and `bit_depth`.

    Raises:
        InputFileError: the bytes are no whole image file.
    """
    header = probe(data)
    channels, depth = int(facts["channels"]), int(facts["bit_depth"])
    if depth == 8 and channels in (1, 3) and header.format != "npy":
        return Picture(data, header.format)
    return _shown(decode_image(data, header))


def seen_picture(split: PreparedSplit, position: int, sample: Sample, modality: str) -> Picture:
    """Return one image of a sample as the condition in force leaves it, which the note names.

    Args:
        split: the samples.
        position: of the sample.
        sample: the same, decoded.
        modality: whose image.

    Raises:
        InputFileError: the bytes are no whole image file.
    """
    steps = split.alteration.condition.of(modality)
    if not steps:
        facts = sample.record["images"][modality]
        return picture(split.member(position, facts["file"]), facts)
    return _shown(sample.images[modality], *map(str, steps))


def _shown(pixels: Pixels, *notes: str) -> Picture:
    """Return any pixels (H, W) or (H, W, C) as a file, with notes on what was done to them before and here."""
    said = list(notes)
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if pixels.ndim == 3 and channels != 3:
        pixels = pixels[..., :3] if channels > 3 else pixels[..., 0]
    if channels not in (1, 3):
        said.append(f"{'first three' if channels > 3 else 'first'} of {channels} channels")
    if pixels.dtype == np.uint8:
        return Picture(encode_png(np.asarray(pixels, np.uint8)), "png", "; ".join(said))
    depth = 8 * pixels.dtype.itemsize
    shown, low, high = tone_mapped(pixels)
    said.append(f"{depth}-bit values {low:g} to {high:g} shown as black to white")
    return Picture(encode_png(shown), "png", "; ".join(said))


def tone_mapped(pixels: Pixels) -> tuple[NDArray[np.uint8], float, float]:
    """Stretch an image linearly between two of its percentiles.

    Args:
        pixels: any shape; float32 values that are no number become black.

    Returns:
        uint8 of the same shape, and the values that became 0 and 255: whole numbers for integers, else three digits.
    """
    values = np.nan_to_num(pixels.astype(np.float32), posinf=0, neginf=0)
    whole = pixels.dtype.kind == "u"
    low, high = (float(np.round(value, 0 if whole else 3)) for value in np.percentile(values, (LOW, HIGH)))
    share = (values - low) / max(high - low, 1 if whole else 1e-3)
    return (share.clip(0, 1) * 255).round().astype(np.uint8), low, high


def thumbnail(shown: Picture) -> bytes:
    """Return a small JPEG of a picture."""
    import cv2

    pixels = decode_image(shown.data, probe(shown.data))
    height, width = pixels.shape[:2]
    size = (THUMBNAIL_WIDTH, max(1, round(height * THUMBNAIL_WIDTH / width)))
    small: Any = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    blue_first = small[..., ::-1] if small.ndim == 3 else small
    _, encoded = cv2.imencode(".jpg", np.ascontiguousarray(blue_first), [cv2.IMWRITE_JPEG_QUALITY, 82])
    return bytes(encoded)
