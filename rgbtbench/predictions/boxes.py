"""Reading COCO results files of anyone: each row is checked, and their order changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import PredictionError
from rgbtbench.formats.json_file import most_values
from rgbtbench.predictions.members import is_archive, open_members, top_folder
from rgbtbench.predictions.sidecar import DETECTIONS, SIDECAR

#: A results file of 100 boxes in each of 50,000 images is smaller.
MAX_JSON_BYTES: Final = 1 << 30
#: Coordinates and sizes from here on are no pixels of any image; their products would have no number.
_FAR: Final = 1e9
#: And has fewer values than this: each takes up to a hundred bytes of memory, however short it is written.
MAX_JSON_VALUES: Final = 80_000_000
#: Each is there once in a row. Only a file with more of them is looked through for repeats, which takes long.
_ONCE: Final = (b'"image_id"', b'"category_id"', b'"bbox"', b'"polygon"', b'"score"')
_REMEDY: Final = "write COCO results: image_id and category_id as whole numbers, bbox [x, y, width, height], score"


@dataclass(frozen=True)
class BoxTable:
    """All detections as columns, ordered by image, then falling score, class, falling area and position.

    Attributes:
        image_ids: int64 (N,).
        labels: int64 (N,), class ids.
        xywh: float64 (N, 4), left, top, width, height in pixels.
        scores: float64 (N,).
        corners: float64 (N, 4, 2), of oriented boxes; None where boxes are upright.
    """

    image_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    xywh: NDArray[np.float64]
    scores: NDArray[np.float64]
    corners: NDArray[np.float64] | None = None

    def of(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> BoxTable:
        """Return some rows, in the order given."""
        corners = None if self.corners is None else self.corners[rows]
        return BoxTable(self.image_ids[rows], self.labels[rows], self.xywh[rows], self.scores[rows], corners)

    @property
    def sha256(self) -> str:
        """Hash over the columns; the order of the file's rows does not change it."""
        digest = hashlib.sha256()
        for column, kind in ((self.image_ids, "<i8"), (self.labels, "<i8"), (self.xywh, "<f8"), (self.scores, "<f8")):
            digest.update(column.astype(kind).tobytes())
        if self.corners is not None:
            digest.update(self.corners.astype("<f8").tobytes())
        return digest.hexdigest()


def sorted_table(table: BoxTable) -> BoxTable:
    """Return the rows in the one order that all results share; ties are common, so every column takes part.

    Among equal scores of a class the larger box comes first, then the upper and the left one. That is how COCO's
    official example stands in its file, so that the number of a tool that keeps the file's order is met there.
    """
    left, top, width, height = table.xywh.T
    keys = (width, left, top, -width * height, table.labels, -table.scores, table.image_ids)
    further = () if table.corners is None else tuple(table.corners.reshape(-1, 8).T)
    order = np.lexsort((*further, *keys))
    return table.of(order)


def read_boxes(path: Path, *, image_ids: Collection[int], classes: Collection[int]) -> BoxTable:
    """Read a COCO results file.

    An image without rows has no detections; it counts like any other.

    Args:
        path: the file, or a folder, `.zip` or `.tar` that holds `detections.json` or exactly one JSON file beside the
            sidecar, or one folder around them.
        image_ids: ids of all images of the split.
        classes: class ids that may occur; where there is one, 1 in all rows stands for it too.

    Raises:
        PredictionError: no JSON list, a field that is missing or there twice, an unknown image or class, a number that
            is not finite, or a box without area or beyond all images; names the first such row, counted from 0.
    """
    name, data = _content(path)
    table = of_only_class(boxes_of_json(data, name), classes)
    require_scorable(table, path=name, image_ids=image_ids, classes=classes, place="row {}".format, remedy=_REMEDY)
    return sorted_table(table)


def of_only_class(table: BoxTable, classes: Collection[int]) -> BoxTable:
    """Return detections of one class under that class's id where they call it 1, as tools for one class do."""
    if len(classes) != 1 or not (table.labels == 1).all():
        return table
    return replace(table, labels=np.full_like(table.labels, next(iter(classes))))


def require_scorable(
    table: BoxTable,
    *,
    path: Path | str | None,
    image_ids: Collection[int],
    classes: Collection[int],
    place: Callable[[int], str],
    remedy: str,
) -> None:
    """Make sure that every row can be scored.

    Args:
        table: rows in the order of the file.
        path: the file, for errors; None where there is none.
        image_ids: ids of all images of the split.
        classes: class ids that may occur.
        place: names a row by its position, for errors.
        remedy: what to write instead, for errors.

    Raises:
        PredictionError: an unknown image or class, a number that is not finite, or a box without area; names the first
            such row.
    """
    checks = (
        (~np.isin(table.image_ids, sorted(image_ids)), "is no image of the split", table.image_ids),
        (~np.isin(table.labels, sorted(classes)), f"is no category_id of {sorted(classes)}", table.labels),
        (~np.isfinite(table.scores), "is no finite score", table.scores),
        (~np.isfinite(table.xywh).all(axis=1), "is no finite bbox", table.xywh),
        ((np.abs(table.xywh) >= _FAR).any(axis=1), "is a bbox far outside of every image", table.xywh),
        ((table.xywh[:, 2:] <= 0).any(axis=1), "is a bbox [x, y, width, height] without area", table.xywh),
    )
    for wrong, what, values in checks:
        if wrong.any():
            row = int(np.argmax(wrong))
            more = f" (and {int(wrong.sum()) - 1} more rows)" if wrong.sum() > 1 else ""
            raise PredictionError(f"{place(row)}: {values[row].tolist()} {what}{more}", path=path, remedy=remedy)


def _content(path: Path) -> tuple[Path | str, bytes]:
    """Return the name of the results file for errors, and its bytes."""
    if path.is_file() and not is_archive(path):
        _require_size(path.stat().st_size, path)
        return path, path.read_bytes()
    with open_members(path) as members:
        around = top_folder(members)
        beside = {name.removeprefix(around): name for name in members.sizes if name.lower().endswith(".json")}
        candidates = {short: name for short, name in beside.items() if "/" not in short and short != SIDECAR}
        found = [candidates[DETECTIONS]] if DETECTIONS in candidates else list(candidates.values())
        if len(found) != 1:
            raise PredictionError(
                f"holds {len(found)} JSON files", expected=f"a {DETECTIONS}", path=path, remedy="name the results file"
            )
        name = path / found[0] if path.is_dir() else f"{path}: {found[0]}"
        _require_size(members.sizes[found[0]], name)
        return name, members.read(found[0])


def _require_size(size: int, name: Path | str) -> None:
    if size > MAX_JSON_BYTES:
        raise PredictionError(
            f"has {size} bytes",
            expected=f"at most {MAX_JSON_BYTES}",
            path=name,
            remedy="keep the 100 best boxes of each image; more are not scored",
        )


def boxes_of_json(data: bytes, file: Path | str) -> BoxTable:
    """Return the rows of COCO results in their order, before anything but their form is checked.

    Raises:
        PredictionError: no JSON list, too many values, or a missing field or one of a wrong type; names the first such
            row, counted from 0.
    """
    most = most_values(data)
    if most > MAX_JSON_VALUES:
        raise PredictionError(
            f"holds up to {most} values",
            expected=f"at most {MAX_JSON_VALUES}",
            path=file,
            remedy="keep the 100 best boxes of each image; more are not scored",
        )
    try:
        rows = json.loads(data)
        if isinstance(rows, list) and any(data.count(field) > len(rows) for field in _ONCE):
            json.loads(data, object_pairs_hook=_refuse_repeats)
    except (ValueError, RecursionError) as error:
        raise PredictionError(f"is not JSON: {error}", path=file, remedy=_REMEDY) from error
    if not isinstance(rows, list):
        raise PredictionError(f"holds {type(rows).__name__}", expected="a list of rows", path=file, remedy=_REMEDY)
    oriented = bool(rows) and isinstance(rows[0], dict) and "polygon" in rows[0]
    for at, row in enumerate(rows):
        wrong = _shape_fault(row, oriented=oriented)
        if wrong:
            raise PredictionError(f"row {at}: {wrong}", path=file, remedy=_REMEDY)
    try:
        corners = np.array([row["polygon"] for row in rows], np.float64).reshape(-1, 4, 2) if oriented else None
        boxes = np.array([row["bbox"] for row in rows], np.float64) if corners is None else upright_around(corners)
        return BoxTable(
            image_ids=np.array([row["image_id"] for row in rows], np.int64),
            labels=np.array([row["category_id"] for row in rows], np.int64),
            xywh=boxes.reshape(-1, 4),
            scores=np.array([row["score"] for row in rows], np.float64),
            corners=corners,
        )
    except OverflowError as error:
        raise PredictionError("a number is too large", path=file, remedy=_REMEDY) from error


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"an object has the field {name!r} twice")


def upright_around(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the smallest upright boxes around corners (N, 4, 2), float64 (N, 4) as left, top, width, height."""
    low, high = corners.min(axis=1), corners.max(axis=1)
    return np.concatenate([low, high - low], axis=1)


def _shape_fault(row: Any, *, oriented: bool) -> str | None:
    if not isinstance(row, dict):
        return f"{type(row).__name__} instead of a mapping"
    place, numbers = ("polygon", 8) if oriented else ("bbox", 4)
    missing = [name for name in ("image_id", "category_id", place, "score") if name not in row]
    if missing:
        return f"{missing[0]} is missing"
    for name in ("image_id", "category_id"):
        # Published results write a class as 1.0.
        if type(row[name]) is not int and not (type(row[name]) is float and row[name].is_integer()):
            return f"{name} {row[name]!r} is no whole number"
    if type(row["score"]) not in (int, float):
        return f"score {row['score']!r} is no number"
    box = row[place]
    if not isinstance(box, list) or len(box) != numbers or any(type(value) not in (int, float) for value in box):
        return f"{place} {box!r} is not {'x and y of four corners' if oriented else '[x, y, width, height]'}"
    return None
