"""Labels of segmentation: a folder or archive of index masks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.protocol import Protocol
from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.image_header import ImageHeader, probe
from rgbtbench.formats.index_mask import index_values
from rgbtbench.predictions.members import Members, open_members
from rgbtbench.scoring.ground_truth.file_truth import FileTruth, classes_of


@contextmanager
def read(protocol: Protocol, path: Path) -> Iterator[MaskTruth]:
    """Open a folder, `.zip` or `.tar` of `<key>.png`; a mask is decoded when it is asked for.

    Args:
        protocol: whose rules name the classes.
        path: folder or archive.

    Raises:
        LabelError: there is no PNG file.
        PredictionError: neither a folder nor a readable archive.
    """
    with open_members(path) as members:
        files = {name.removesuffix(".png"): name for name in sorted(members.sizes) if name.endswith(".png")}
        if not files:
            raise LabelError("holds no PNG file", path=path, expected="`<key>.png` of class ids")
        yield MaskTruth(members, files, classes_of(protocol), path)


class MaskTruth(FileTruth):
    """Index masks by key.

    Args:
        members: the open folder or archive.
        files: key to member.
        classes: class id to name.
        path: named in errors.
    """

    def __init__(self, members: Members, files: dict[str, str], classes: dict[int, str], path: Path) -> None:
        super().__init__(list(files), classes=classes)
        self._members, self._files, self._path = members, files, path

    def frame_size(self, position: int) -> tuple[int, int]:
        """See `Truth`; raises `LabelError` when the file is damaged."""
        header, _ = self._opened(position)
        return header.height, header.width

    def mask(self, position: int) -> NDArray[np.uint8]:
        """See `Truth`; raises `LabelError` when the file is damaged or no index mask."""
        header, data = self._opened(position)
        with self._naming(position):
            return index_values(data, header, kind="semantic")[0]

    def _opened(self, position: int) -> tuple[ImageHeader, bytes]:
        data = self._members.read(self._files[self.keys[position]])
        with self._naming(position):
            return probe(data), data

    @contextmanager
    def _naming(self, position: int) -> Iterator[None]:
        try:
            yield
        except InputFileError as error:
            name = f"{self._path}: {self._files[self.keys[position]]}"
            raise LabelError(error.found, expected=error.expected, path=name, remedy="write ids as PNG") from error
