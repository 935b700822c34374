"""Detections as YOLO code bases save them: a text file per image, rows `class x y width height score`.

Numbers are parts of the image's width and height; x and y are the middle of the box. An image without detections has no
file.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import PredictionError, did_you_mean
from rgbtbench.predictions.box_frames import MAX_FRAME_BYTES
from rgbtbench.predictions.boxes import BoxTable
from rgbtbench.predictions.members import Members

FIELDS: Final = "class x y width height score"
_REMEDY: Final = "save labels with confidences; numbers are parts of the image's size"


def is_yolo(data: bytes) -> bool:
    """Tell whether the first row of a text is one of numbers alone."""
    words = next((line.split() for line in data.decode("utf-8", "replace").splitlines() if line.strip()), [])
    return bool(words) and all(_is_number(word) for word in words)


def image_stems(keys: Sequence[str]) -> dict[str, int]:
    """Return the names that an image's file may have, without suffix, and the image's position.

    They are the last part of the key, where no two keys share it, and the key with `_` for `/`; a suffix of images is
    left out.
    """
    bare = [str(PurePosixPath(key).with_suffix("")) if _is_image(key) else key for key in keys]
    last = [key.rpartition("/")[2] for key in bare]
    short = {stem: at for at, stem in enumerate(last)} if len(set(last)) == len(last) else {}
    return short | {key.replace("/", "_"): at for at, key in enumerate(bare)}


def boxes_of_yolo(
    members: Members,
    files: Mapping[str, str],
    *,
    keys: Sequence[str],
    image_ids: Sequence[int],
    frame_size: Callable[[int], tuple[int, int]],
    path: Path,
) -> BoxTable:
    """Return all boxes in pixels.

    Args:
        members: folder or archive that holds the files.
        files: stem to member.
        keys: of all images of the split.
        image_ids: of the same images.
        frame_size: height and width of an image by its position.
        path: the folder or archive, for errors.

    Raises:
        PredictionError: a file is of no image, too large, or holds a line that is no row.
    """
    positions = image_stems(keys)
    ids: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    rows: list[NDArray[np.float64]] = [np.zeros((0, 6))]
    for stem, name in sorted(files.items()):
        if stem not in positions:
            raise PredictionError(
                f"{name} is of no image of the split", path=path, remedy=did_you_mean(stem, positions)
            )
        found = _rows(members, name, path)
        height, width = frame_size(positions[stem])
        found[:, 1:5] *= (width, height, width, height)
        ids.append(np.full(len(found), image_ids[positions[stem]], np.int64))
        rows.append(found)
    table = np.concatenate(rows)
    corners = table[:, 1:3] - table[:, 3:5] / 2
    return BoxTable(
        image_ids=np.concatenate(ids),
        labels=table[:, 0].astype(np.int64),
        xywh=np.concatenate([corners, table[:, 3:5]], axis=1),
        scores=table[:, 5],
    )


def _rows(members: Members, name: str, path: Path) -> NDArray[np.float64]:
    if members.sizes[name] > MAX_FRAME_BYTES:
        raise PredictionError(f"{name} is too large", expected=f"at most {MAX_FRAME_BYTES} bytes", path=path)
    text = members.read(name).decode("utf-8", "replace")
    if not text.strip():
        return np.zeros((0, 6))
    try:
        rows = np.loadtxt(io.StringIO(text), comments=None, ndmin=2)
    except ValueError:
        rows = np.zeros((0, 0))
    if rows.shape[1] != 6 or (np.mod(rows[:, 0], 1) != 0).any():
        raise PredictionError(f"{name} holds a line that is no row", expected=FIELDS, path=path, remedy=_REMEDY)
    return rows


def _is_image(key: str) -> bool:
    return PurePosixPath(key).suffix.lower() in (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
