"""Reading masks of anyone: every fault is found and named, and no image may be missing.

Nothing is trusted: names are compared before files are opened, sizes before pixels are decoded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import InputFileError, PredictionError
from rgbtbench.formats.image_header import probe
from rgbtbench.formats.index_mask import index_values
from rgbtbench.predictions.kinds import MaskPrediction
from rgbtbench.predictions.members import open_members
from rgbtbench.predictions.named_files import files_by_key

#: Even incompressible, a mask's file needs one byte per pixel and row; the rest is room for other chunks.
_OVERHEAD: Final = 1 << 16


def read_masks(
    path: Path, sizes: Mapping[str, tuple[int, int]], *, others: Collection[str] = ()
) -> Iterator[MaskPrediction]:
    """Yield the masks of a folder, `.zip` or `.tar` of `<key>.png`, in the order of `sizes`.

    All names are compared with the keys before the first mask is decoded. One folder around all files is looked
    through.

    Args:
        path: folder or archive.
        sizes: key to height and width of the label, for every image that is scored.
        others: further keys that may be there, such as those of images that the protocol leaves out.

    Yields:
        Masks of uint8 (H, W), values as stored; a palette PNG gives its indices.

    Raises:
        PredictionError: an image is missing, a key is unknown or there twice, or a file is no 8-bit single-channel
            PNG of the label's size.
    """
    with open_members(path) as members:
        files = files_by_key(members, list(sizes), path, endings=("png",), others=others)
        for key, (height, width) in sizes.items():
            name = files[key]
            if members.sizes[name] > 2 * height * width + _OVERHEAD:
                raise PredictionError(
                    f"has {members.sizes[name]} bytes",
                    expected=f"a mask of {width}x{height} pixels",
                    path=f"{path}: {name}",
                    remedy="write 8-bit single-channel PNG files",
                )
            yield MaskPrediction(key, decode_mask(members.read(name), (height, width), name=f"{path}: {name}"))


def decode_mask(data: bytes, size: tuple[int, int], *, name: str) -> NDArray[np.uint8]:
    """Decode one mask of class ids.

    Args:
        data: an 8-bit PNG, grey or with a palette.
        size: height and width that it must have.
        name: named in errors.

    Returns:
        uint8 (H, W): grey values, or indices into the palette.

    Raises:
        PredictionError: damaged, no PNG, in colours, not 8 bits deep, or of another size.
    """
    try:
        header = probe(data)
        if header.format != "png":
            raise PredictionError(
                "is a JPEG, which changes ids", expected="PNG", path=name, remedy="write the file again as PNG"
            )
        if header.bit_depth != 8 or (header.channels != 1 and not header.palette):
            raise PredictionError(
                f"has {header.channels} channel(s) of {header.bit_depth} bits",
                expected="one channel of 8 bits",
                path=name,
                remedy="write native class ids, not colours",
            )
        if (header.height, header.width) != size:
            raise PredictionError(
                f"is {header.width}x{header.height}",
                expected=f"{size[1]}x{size[0]}, the size of the label",
                path=name,
                remedy="resize logits to the label's size before the argmax",
            )
        return index_values(data, header, kind="semantic")[0]
    except InputFileError as error:
        raise PredictionError(error.found, expected=error.expected, path=name, remedy="write the file again") from error


def mask_sha256(mask: NDArray[np.uint8]) -> str:
    """Return the hash of one decoded mask: its height, width and values."""
    height, width = mask.shape
    return hashlib.sha256(f"{height} {width} ".encode() + mask.tobytes()).hexdigest()


def masks_sha256(digests: Mapping[str, str]) -> str:
    """Return one hash over many masks; order, container and compression do not change it.

    Args:
        digests: key to `mask_sha256`.
    """
    lines = "".join(f"{key} {digest}\n" for key, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
