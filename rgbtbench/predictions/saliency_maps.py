"""Reading saliency maps of anyone: every fault is found and named, and no image may be missing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rgbtbench.errors import InputFileError, PredictionError
from rgbtbench.formats.grey_map import GREY_ENDINGS, grey_levels, grey_size
from rgbtbench.formats.image_file import Levels
from rgbtbench.predictions.members import open_members
from rgbtbench.predictions.named_files import files_by_key

#: Four channels of 16 bits, uncompressed, take so much of a pixel.
_BYTES_PER_PIXEL: Final = 8
_OVERHEAD: Final = 1 << 16
#: Pixels of the largest map that may be resized to its mask.
_MOST_RESIZED: Final = 1 << 24


@dataclass(frozen=True, slots=True)
class StoredMap:
    """The file of one saliency map.

    Attributes:
        key: of its image.
        name: of the file, as errors name it.
        data: its content.
    """

    key: str
    name: str
    data: bytes

    def levels(self, size: tuple[int, int] | None) -> Levels:
        """Decode the map.

        Args:
            size: height and width that it must have; None for any.

        Returns:
            uint8 or uint16 (H, W).

        Raises:
            PredictionError: of another size, damaged, in colours, or of a format that holds no grey levels.
        """
        try:
            height, width = grey_size(self.data)
            if size is not None and (height, width) != size:
                raise PredictionError(
                    f"is {width}x{height}",
                    expected=f"{size[1]}x{size[0]}, the size of the mask",
                    path=self.name,
                    remedy="resize maps to the size of their masks",
                )
            if height * width > max(_MOST_RESIZED, 0 if size is None else size[0] * size[1]):
                raise PredictionError(
                    f"is {width}x{height}", expected=f"at most {_MOST_RESIZED} pixels", path=self.name
                )
            return grey_levels(self.data)
        except InputFileError as error:
            raise PredictionError(
                error.found, expected=error.expected, path=self.name, remedy="write the map as grey PNG"
            ) from error


def stored_maps(
    path: Path, sizes: Mapping[str, tuple[int, int] | None], *, others: Collection[str] = ()
) -> Iterator[StoredMap]:
    """Yield the files of a folder, `.zip` or `.tar` of `<key>.png`, JPEG or BMP files, in the order of `sizes`.

    All names are compared with the keys before the first file is read.

    Args:
        path: folder or archive.
        sizes: key to height and width of the mask, for every image that is scored; None where a map may have any.
        others: further keys that may be there.

    Raises:
        PredictionError: an image is missing, a key is unknown or there twice, or a file is larger than its pixels need.
    """
    with open_members(path) as members:
        files = files_by_key(members, list(sizes), path, endings=GREY_ENDINGS, others=others)
        for key, size in sizes.items():
            name = files[key]
            pixels = _MOST_RESIZED if size is None else size[0] * size[1]
            if members.sizes[name] > _BYTES_PER_PIXEL * pixels + _OVERHEAD:
                raise PredictionError(
                    f"has {members.sizes[name]} bytes",
                    expected=f"a map of at most {pixels} pixels",
                    path=f"{path}: {name}",
                    remedy="write maps as grey PNG",
                )
            yield StoredMap(key, f"{path}: {name}", members.read(name))


def map_sha256(levels: Levels) -> str:
    """Return the hash of one decoded map: its height, width, bits and levels."""
    height, width = levels.shape
    bits = 8 * levels.dtype.itemsize
    content = levels.astype(levels.dtype.newbyteorder("<"), copy=False).tobytes()
    return hashlib.sha256(f"{height} {width} {bits} ".encode() + content).hexdigest()


def require_full_range(highest: Sequence[int], path: Path) -> None:
    """Make sure that maps are not of 0 and 1 where 255 means 1.

    Args:
        highest: highest level of every map.
        path: of the maps, named in the error.

    Raises:
        PredictionError: no map has a level above 1, and some have 1.
    """
    if max(highest, default=0) == 1:
        raise PredictionError(
            "all maps are of 0 and 1",
            expected="levels from 0 to 255 (or 65535)",
            path=path,
            remedy="multiply them by 255, or score under a protocol that stretches maps",
        )
