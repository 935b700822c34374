"""The boxes of a sample, one by one, as formats write them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rgbtbench.exporting.job import ExportedSample, Job
from rgbtbench.labels import IGNORE


@dataclass(frozen=True, slots=True)
class WrittenObject:
    """One box.

    Attributes:
        label: id in the label space; `IGNORE` for a region of no class.
        xyxy: 0-based, half-open, in pixels; not clipped.
        raw: the numbers as the source writes them.
        corners: `x1 y1 … x4 y4` of an oriented box, None for an upright one.
        ignore: neither hit nor miss.
        occlusion: 0 none, 1 partial, 2 heavy, -1 not stated.
    """

    label: int
    xyxy: tuple[float, float, float, float]
    raw: tuple[float, ...]
    corners: tuple[float, ...] | None
    ignore: bool
    occlusion: int

    @property
    def classless(self) -> bool:
        """Whether it is a region that has no class in the label space."""
        return self.label == IGNORE


def written_objects(job: Job, sample: ExportedSample) -> Iterator[WrittenObject]:
    """Yield the boxes of a sample in the label space, and note what that space leaves out."""
    boxes = sample.boxes(job.label_set)
    left_out = len(sample.record["boxes"][job.label_set]["labels"]) - len(boxes.labels)
    job.notes.add("objects of classes that the label space does not have are left out", left_out, "boxes")
    job.notes.add(
        "the contrast of objects in each camera is left out", len(boxes.labels) * bool(boxes.visibility), "boxes"
    )
    for row in range(len(boxes.labels)):
        x1, y1, x2, y2 = boxes.xyxy[row].tolist()
        yield WrittenObject(
            label=int(boxes.labels[row]),
            xyxy=(x1, y1, x2, y2),
            raw=tuple(boxes.raw[row].tolist()),
            corners=None if boxes.corners is None else tuple(boxes.corners[row].ravel().tolist()),
            ignore=bool(boxes.ignore[row]),
            occlusion=int(boxes.occlusion[row]),
        )


def decimal(value: float) -> str:
    """Return the shortest decimal number that reads back as `value`: `12` and `12.5`, never `12.0`."""
    return str(int(value)) if value.is_integer() else repr(value)
