"""Splits by format, for sets that mix JPEG files with others and are too large to be written anew.

Samples of a split have the same members. Turning every JPEG into a PNG would make them many times larger, so that
samples of other formats go into a split beside.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

_JPEG: Final = (".jpg", ".jpeg")


def split_by_format(split: str, file: str) -> str:
    """Return the split of a sample whose images have the name `file`: `train`, or `train_png` if they are no JPEG."""
    return split if PurePosixPath(file).suffix.lower() in _JPEG else f"{split}_png"
