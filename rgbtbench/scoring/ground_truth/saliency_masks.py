"""Labels of salient object detection: a folder or archive of masks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.catalog import GENERIC
from rgbtbench.cards.protocol import Protocol
from rgbtbench.datasets.registry import dataset
from rgbtbench.datasets.templates import TemplatedSource
from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.folder import in_natural_order
from rgbtbench.formats.grey_map import GREY_ENDINGS, grey_levels, grey_size
from rgbtbench.formats.saliency_mask import saliency_values
from rgbtbench.pair import key_of
from rgbtbench.predictions.members import Members, open_members
from rgbtbench.scoring.ground_truth.file_truth import FileTruth

#: A level of 8 bits in 16.
_IN_16_BITS: Final = 257


@contextmanager
def read(protocol: Protocol, path: Path) -> Iterator[SaliencyTruth]:
    """Open a folder, `.zip` or `.tar` of masks, PNG, JPEG or BMP; a mask is decoded when it is asked for.

    Masks of a dataset are known by their last name, and say what prepared data would say; others by their place below
    the folder, and keep the grey borders of JPEG.

    Args:
        protocol: of a dataset, whose official masks they should be, or without one.
        path: folder or archive.

    Raises:
        LabelError: there is no such file, or two for one image.
        PredictionError: neither a folder nor a readable archive.
    """
    with open_members(path) as members:
        files: dict[str, str] = {}
        for name in sorted(members.sizes):
            stem, _, ending = name.rpartition(".")
            if ending.lower() not in GREY_ENDINGS:
                continue
            key = stem if protocol.dataset == GENERIC else _official_key(protocol, stem)
            if key in files:
                raise LabelError(f"holds {files[key]} and {name}", path=path, expected="one mask for each image")
            files[key] = name
        if not files:
            raise LabelError("holds no mask", path=path, expected=f"`<key>.png` or {', '.join(GREY_ENDINGS[1:])}")
        ordered = {key: files[key] for key in in_natural_order(files)}
        yield (SaliencyTruth if protocol.dataset == GENERIC else OfficialTruth)(members, ordered, path)


def _official_key(protocol: Protocol, stem: str) -> str:
    last = stem.rpartition("/")[2]
    source = dataset(protocol.dataset)
    return key_of(source.official_id(protocol.split, last) if isinstance(source, TemplatedSource) else last)


class SaliencyTruth(FileTruth):
    """Masks of grey levels by key.

    Args:
        members: the open folder or archive.
        files: key to member, in official order.
        path: named in errors.
    """

    def __init__(self, members: Members, files: Mapping[str, str], path: Path) -> None:
        super().__init__(list(files))
        self._members, self._files, self._path = members, files, path

    def frame_size(self, position: int) -> tuple[int, int]:
        """See `Truth`; raises `LabelError` when the file is damaged."""
        with self._naming(position):
            return grey_size(self._data(position))

    def mask(self, position: int) -> NDArray[np.uint8]:
        """See `Truth`; raises `LabelError` when the file is damaged or in colours."""
        with self._naming(position):
            return self._levels(self._data(position))

    def _levels(self, data: bytes) -> NDArray[np.uint8]:
        levels = grey_levels(data)
        if levels.dtype == np.uint16 and levels.max() > 1:
            if (levels % _IN_16_BITS).any():
                raise InputFileError("a mask of 16 bits", expected="8 bits, or levels of 8 bits in 16")
            levels = levels // _IN_16_BITS
        return np.asarray(levels, np.uint8)

    def _data(self, position: int) -> bytes:
        return self._members.read(self._files[self.keys[position]])

    @contextmanager
    def _naming(self, position: int) -> Iterator[None]:
        try:
            yield
        except InputFileError as error:
            name = f"{self._path}: {self._files[self.keys[position]]}"
            raise LabelError(error.found, expected=error.expected, path=name, remedy="write masks as PNG") from error


class OfficialTruth(SaliencyTruth):
    """Masks of a dataset, as prepared data holds them: JPEG files become binary."""

    def _levels(self, data: bytes) -> NDArray[np.uint8]:
        return saliency_values(data)
