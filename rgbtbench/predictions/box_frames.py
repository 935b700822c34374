"""Detections as MATLAB kits take them: a text file per frame, rows `class x1 y1 x2 y2 score`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from rgbtbench.errors import PredictionError, did_you_mean
from rgbtbench.predictions.boxes import BoxTable
from rgbtbench.predictions.members import Members

FIELDS: Final = "class x1 y1 x2 y2 score"
#: A thousand boxes are shorter.
MAX_FRAME_BYTES: Final = 1 << 20


def frame_stem(key: str) -> str:
    """Return the name of a frame's file without its suffix: the key, with `_` for `/`."""
    return key.replace("/", "_")


def boxes_of_frames(
    members: Members,
    files: Mapping[str, str],
    *,
    keys: Sequence[str],
    image_ids: Sequence[int],
    classes: Mapping[int, str],
    scored: Sequence[str],
    path: Path,
) -> BoxTable:
    """Return all boxes, frame by frame, as `x y width height` of the corners as written.

    Args:
        members: folder or archive that holds the files.
        files: stem of the frame's name to member.
        keys: of all images of the split.
        image_ids: of the same images.
        classes: class id to name.
        scored: keys of the images that must be there.
        path: the folder or archive, for errors.

    Raises:
        PredictionError: the file of a scored frame is missing, or a file is of no frame, too large, no text, or holds a
            line that is no box of a known class.
    """
    numbers = {frame_stem(key): number for key, number in zip(keys, image_ids, strict=True)}
    for stem in files:
        if stem not in numbers:
            raise PredictionError(
                f"{files[stem]} is of no image of the split", path=path, remedy=did_you_mean(stem, numbers)
            )
    missing = [key for key in scored if frame_stem(key) not in files]
    if missing:
        raise PredictionError(
            f"holds no file for {len(missing)} of {len(scored)} images, the first {frame_stem(missing[0])}.txt",
            path=path,
            remedy="write an empty file for an image without detections",
        )
    ids = {name: number for number, name in classes.items()}
    rows = [(numbers[stem], *box) for stem, name in sorted(files.items()) for box in _boxes(members, name, ids, path)]
    table = np.array(rows, np.float64).reshape(-1, 7)
    corners = table[:, 2:6]
    return BoxTable(
        image_ids=table[:, 0].astype(np.int64),
        labels=table[:, 1].astype(np.int64),
        xywh=np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1),
        scores=table[:, 6],
    )


def _boxes(members: Members, name: str, ids: Mapping[str, int], path: Path) -> list[tuple[float, ...]]:
    if members.sizes[name] > MAX_FRAME_BYTES:
        raise PredictionError(
            f"{name} has {members.sizes[name]} bytes", expected=f"at most {MAX_FRAME_BYTES}", path=path,
            remedy="leave out hopeless boxes",
        )  # fmt: skip
    try:
        lines = members.read(name).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise PredictionError(f"{name} is not UTF-8 text", path=path, remedy="write the file again") from error
    return [_box(line, at, ids, name, path) for at, line in enumerate(lines, 1) if line.strip()]


def _box(line: str, at: int, ids: Mapping[str, int], name: str, path: Path) -> tuple[float, ...]:
    kind, *words = line.split()
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if len(values) != 5:
        raise PredictionError(f"{line[:80]!r} is no box", expected=FIELDS, path=path / name, line=at)
    if kind not in ids:
        raise PredictionError(f"no class {kind!r}", path=path / name, line=at, remedy=did_you_mean(kind, ids))
    left, top, right, bottom, _ = values
    if not np.isfinite(values).all() or right <= left or bottom <= top:
        raise PredictionError(
            f"{line[:80]!r} is a box without area, or not finite",
            expected=FIELDS,
            path=path / name,
            line=at,
            remedy="leave out such boxes",
        )
    return (ids[kind], *values)
