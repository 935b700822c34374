"""Labels of detection: a COCO instances file. Read as pycocotools reads it, so that the numbers are the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from rgbtbench.cards.protocol import Protocol
from rgbtbench.errors import UserError
from rgbtbench.formats.coco_instances import Instances, read_instances
from rgbtbench.scoring.ground_truth.file_truth import FileTruth
from rgbtbench.scoring.truth import Objects


@contextmanager
def read(protocol: Protocol, path: Path) -> Iterator[InstancesTruth]:
    """Read an instances file.

    Args:
        protocol: any of detection.
        path: the file.

    Raises:
        UserError: a folder.
        InputFileError, LabelError: as `rgbtbench.formats.coco_instances.read_instances`.
    """
    if path.is_dir():
        raise UserError("is a folder", expected="a COCO instances file", path=path, remedy="name the JSON file")
    yield InstancesTruth(read_instances(path.parent, path.name))


class InstancesTruth(FileTruth):
    """Boxes of an instances file; an image is known by its file's name, or by its id where names are not unique.

    Args:
        instances: what the file holds.
    """

    def __init__(self, instances: Instances) -> None:
        names = [name for name in instances.file_names if name is not None]
        unique = len(set(names)) == len(instances.image_ids)
        keys = names if unique else [str(number) for number in instances.image_ids]
        super().__init__(keys, image_ids=instances.image_ids, classes=instances.classes, notes=_notes(instances))
        self._instances = instances
        self._rows = np.split(
            np.argsort(instances.images, kind="stable"),
            np.cumsum(np.bincount(instances.images, minlength=len(keys)))[:-1],
        )

    def frame_size(self, position: int) -> tuple[int, int]:
        """See `Truth`; raises `UserError` where the file does not say it."""
        return self._instances.sizes[position] or super().frame_size(position)

    def objects(self, position: int) -> Objects:
        """See `Truth`; boxes and areas are the file's numbers, and `iscrowd` alone marks regions to ignore."""
        rows, held = self._rows[position], self._instances
        return Objects(held.labels[rows], held.xywh[rows], held.areas[rows], held.crowd[rows])


def _notes(instances: Instances) -> tuple[str, ...]:
    notes = []
    if instances.without_area:
        notes.append(f"{instances.without_area} annotations have no area; theirs is width times height")
    if instances.ignored:
        notes.append(
            f"{instances.ignored} annotations are marked ignore, not iscrowd; they count as objects, as in pycocotools"
        )
    return tuple(notes)
