"""Detections of anyone, in whichever of the published forms they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from rgbtbench.errors import PredictionError
from rgbtbench.predictions import box_rows
from rgbtbench.predictions.box_frames import boxes_of_frames, frame_stem
from rgbtbench.predictions.box_parquet import boxes_of_parquet
from rgbtbench.predictions.boxes import BoxTable, of_only_class, read_boxes, require_scorable, sorted_table
from rgbtbench.predictions.members import open_members
from rgbtbench.predictions.yolo_text import boxes_of_yolo, image_stems, is_yolo

_TEXT, _JSON, _PARQUET = ".txt", ".json", ".parquet"


@dataclass(frozen=True)
class Detections:
    """All detections.

    Attributes:
        table: rows in the one order that all results share.
        frame_files: they come from one file per frame, whose corners count from 0.
    """

    table: BoxTable
    frame_files: bool


def read_detections(
    path: Path,
    *,
    keys: Sequence[str],
    image_ids: Sequence[int],
    classes: Mapping[int, str],
    default_class: int | None,
    scored: Sequence[str],
    frame_size: Callable[[int], tuple[int, int]],
) -> Detections:
    """Read a text of rows, COCO results, a parquet table, or one text file per frame.

    Args:
        path: file, or a folder, `.zip` or `.tar` with one text of rows or of COCO results, or with the files of frames.
        keys: of all images of the split in official order, from which the text's image numbers count, from 1.
        image_ids: of the same images, as COCO results name them.
        classes: class id to name.
        default_class: class of the rows of a text, which states none; None where several are scored.
        scored: keys of the images whose files must be there, unless the files are YOLO's.
        frame_size: height and width of an image by its position.

    Raises:
        PredictionError: neither form, an image is missing, or a row is malformed; names the file and line or row.
    """
    if path.is_file() and path.suffix.lower() == _TEXT:
        return Detections(_of_rows(path.read_bytes(), path, keys, image_ids, classes, default_class), False)
    if path.is_file() and path.suffix.lower() == _JSON:
        return Detections(read_boxes(path, image_ids=image_ids, classes=classes), False)
    if path.is_file() and path.suffix.lower() == _PARQUET:
        return Detections(_checked(boxes_of_parquet(path), path, image_ids, classes), False)
    with open_members(path) as members:
        texts = [name for name in members.sizes if PurePosixPath(name).suffix.lower() == _TEXT]
        stems = {PurePosixPath(name).stem for name in texts}
        frames = stems & {*image_stems(keys), *map(frame_stem, keys)}
        if len(texts) == 1 and not frames:
            return Detections(_of_rows(members.read(texts[0]), path, keys, image_ids, classes, default_class), False)
        if texts:
            if len(stems) != len(texts):
                raise PredictionError("holds two files for one image", path=path, remedy="keep one file per frame")
            files = {PurePosixPath(name).stem: name for name in texts}
            # A file of numbers alone is YOLO's; others name classes.
            first = next((members.read(name) for name in sorted(texts) if members.sizes[name]), b"")
            if is_yolo(first):
                boxes = boxes_of_yolo(members, files, keys=keys, image_ids=image_ids, frame_size=frame_size, path=path)
                return Detections(_checked(boxes, path, image_ids, classes), False)
            table = boxes_of_frames(
                members, files, keys=keys, image_ids=image_ids, classes=classes, scored=scored, path=path
            )
            return Detections(sorted_table(table), True)
    return Detections(read_boxes(path, image_ids=image_ids, classes=classes), False)


def _checked(table: BoxTable, path: Path, image_ids: Sequence[int], classes: Mapping[int, str]) -> BoxTable:
    """Return the rows in the one order that all results share; raises `PredictionError`."""
    table = of_only_class(table, classes)
    require_scorable(
        table,
        path=path,
        image_ids=image_ids,
        classes=classes,
        place="row {}".format,
        remedy="leave out such rows, and name images and classes by their ids",
    )
    return sorted_table(table)


def _of_rows(
    data: bytes,
    path: Path,
    keys: Sequence[str],
    image_ids: Sequence[int],
    classes: Mapping[int, str],
    default_class: int | None,
) -> BoxTable:
    if default_class is None:
        raise PredictionError(
            "a text of rows states no classes",
            expected=f"detections of {len(classes)} classes",
            path=path,
            remedy="write COCO results, or a text file per image",
        )
    rows = box_rows.rows_of_text(data, path)
    position = rows[:, 0] - 1
    known = (position >= 0) & (position < len(keys))
    if not known.all():
        row = int(np.argmin(known))
        raise PredictionError(
            f"image number {rows[row, 0]:g}",
            expected=f"1 to {len(keys)}",
            path=path,
            line=box_rows.line_of_row(data, row),
            remedy=box_rows.REMEDY,
        )
    table = BoxTable(
        image_ids=np.array(image_ids, np.int64)[position.astype(np.int64)],
        labels=np.full(len(rows), default_class, np.int64),
        xywh=rows[:, 1:5].copy(),
        scores=rows[:, 5].copy(),
    )
    require_scorable(
        table,
        path=path,
        image_ids=image_ids,
        classes=classes,
        place=lambda row: f"line {box_rows.line_of_row(data, row)}",
        remedy=box_rows.REMEDY,
    )
    return sorted_table(table)
