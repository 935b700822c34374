"""Files that claim to show one frame must at least have one size."""

from __future__ import annotations

from pathlib import Path

from rgbtbench.errors import InputFileError
from rgbtbench.pair import Image, Mask


def require_one_size(root: Path, *files: Image | Mask) -> None:
    """Make sure that registered images, and masks that follow both, have the same pixels.

    Args:
        root: the dataset's folder.
        files: images and masks of one sample.

    Raises:
        InputFileError: one differs from the first; names both.
    """
    first, *others = files
    for other in others:
        if (other.width, other.height) != (first.width, first.height):
            raise InputFileError(
                f"is {other.width}x{other.height} pixels",
                expected=f"{first.width}x{first.height} as {root / first.source}",
                path=root / other.source,
                remedy="take both files from the official archive, neither resized",
            )
