"""From boxes as a file writes them to `pair.Boxes`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.errors import LabelError, did_you_mean
from rgbtbench.pair import Boxes

#: Corners of a box around its middle, in its width and height.
_CORNERS = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])


class WrittenBox(Protocol):
    """What the readers of annotation formats have in common: a class name and four numbers as written."""

    @property
    def name(self) -> str:
        """Class name."""

    @property
    def numbers(self) -> tuple[float, float, float, float]:
        """In the order and convention of the format."""


def raw_numbers(written: Sequence[WrittenBox]) -> NDArray[np.float64]:
    """Return the numbers as float64 (N, 4), also when there are none."""
    return np.array([box.numbers for box in written], np.float64).reshape(-1, 4)


def xyxy_of_xywh(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `x1 y1 x2 y2` of boxes `x y width height`, both (N, 4)."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def corners_of_rotated(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the corners of boxes `cx cy width height angle`, float64 (N, 5) to (N, 4, 2).

    The angle turns clockwise as the image is seen, in radians; the first corner is the upper left one at angle 0, and
    the others follow clockwise.
    """
    middle, size, angle = boxes[:, None, :2], boxes[:, None, 2:4], boxes[:, 4, None]
    x, y = np.moveaxis(_CORNERS * size, -1, 0)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.asarray(middle + np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=-1))


def plain_boxes(
    written: Sequence[WrittenBox],
    xyxy: NDArray[np.float64],
    facts: LabelSetFacts,
    *,
    convention: str,
    path: Path,
    ignore: Sequence[bool] | None = None,
) -> Boxes:
    """Return boxes of a source that states neither occlusion nor visibility.

    Args:
        written: as the format's reader returns them.
        xyxy: (N, 4) float64 in the convention of `pair.Boxes`, which the dataset's module decides.
        facts: the card's label set; its class names give the ids.
        convention: how the source counts.
        path: the annotation file, named in errors.
        ignore: one flag per box; all false when left out.

    Raises:
        LabelError: a class name that the card does not have.
    """
    ids = {entry.name: entry.id for entry in facts.classes}
    for box in written:
        if box.name not in ids:
            raise LabelError(
                f"holds the class {box.name!r}, which the card does not name",
                path=path,
                remedy=did_you_mean(box.name, ids),
            )
    count = len(written)
    return Boxes(
        frame=facts.frame,
        xyxy=xyxy,
        labels=np.array([ids[box.name] for box in written], np.int64),
        ignore=np.array([False] * count if ignore is None else ignore, np.bool_),
        occlusion=np.full(count, -1, np.int64),
        raw=raw_numbers(written),
        convention=convention,
    )


def xywh_as_written(boxes: Boxes) -> NDArray[np.float64]:
    """Return `x y width height`, float64 (N, 4): the source's own numbers where it wrote these four.

    A width or height that is computed from corners can differ from the written one in its last digit, and fall out of
    a range of heights whose end it was on.
    """
    written = boxes.raw[:, :4]
    if written.shape == boxes.xyxy.shape and np.array_equal(xyxy_of_xywh(written), boxes.xyxy):
        return written
    return np.concatenate([boxes.xyxy[:, :2], boxes.xyxy[:, 2:] - boxes.xyxy[:, :2]], axis=1)
