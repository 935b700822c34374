"""HIT-UAV (Suo et al., Scientific Data 2023): thermal images from a drone, with upright and oriented boxes. No RGB."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.schema import AttributeValue
from rgbtbench.datasets.box_templates import BoxSource, Written
from rgbtbench.datasets.templates import FakeSample, TemplatedLayout, template
from rgbtbench.errors import InputFileError
from rgbtbench.formats.box_list import WrittenBox, corners_of_rotated
from rgbtbench.formats.coco_json import CocoBox
from rgbtbench.pair import Boxes, Entry, Image

_SPLITS = {split: split for split in ("train", "val", "test")}
_TIME_OF_DAY = {"0": "day", "1": "night"}


class HITUAV(BoxSource):
    """Instances files decide what a split holds, or lists do where only the VOC folder is there."""

    name = "hit_uav"
    file_key = "filename"
    stem = re.compile(r"(?P<time>[01])_(?P<altitude>[0-9]{2,3})_(?P<angle>[0-9]{2})_(?P<weather>[0-9])_[0-9]{5}")
    layouts = (
        template(
            "official",
            {
                "lwir": "normal_json/{split}/{file}",
                "boxes": "normal_json/annotations/{split}.json",
                "oriented": "rotate_json/annotations/{split}.json",
            },
            splits=_SPLITS,
        ),
        template(
            "normal_xml",
            {"lwir": "JPEGImages/{stem}.jpg", "boxes": "Annotations/{stem}.xml"},
            splits=_SPLITS,
            lists="ImageSets/Main/{split}.txt",
        ),
    )

    def attributes(self, split: str, stem: str) -> Mapping[str, AttributeValue]:
        """Time of day, altitude in metres and angle of the camera in degrees are parts of the name."""
        time, altitude, angle, *_ = stem.split("_")
        return {"time_of_day": _TIME_OF_DAY[time], "altitude": int(altitude), "camera_angle": int(angle)}

    def cluster(self, split: str, stem: str) -> str:
        """Return the setting of the flight."""
        return stem.rpartition("_")[0]

    def half_open(self, label_set: str, written: Written) -> tuple[NDArray[np.float64], str]:
        """Turn a middle, a size and an angle into the upright box around the corners."""
        if label_set != "oriented":
            return super().half_open(label_set, written)
        corners = corners_of_rotated(_rotated(written.boxes))
        return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1), "cx cy width height, radians"

    def read_boxes(self, root: Path, entry: Entry, images: Mapping[str, Image], label_set: str) -> Boxes:
        """Return one box set, the oriented one with its corners."""
        if label_set != "oriented":
            return super().read_boxes(root, entry, images, label_set)
        written = self.read_written(root, entry, images, label_set)
        if any(not isinstance(box, CocoBox) or box.angle is None for box in written.boxes):
            raise InputFileError(
                "holds boxes without an angle",
                expected="cx, cy, width, height and an angle in radians",
                path=root / entry.files[label_set],
                remedy="take the file from the folder rotate_json of the release",
            )
        rotated = _rotated(written.boxes)
        return replace(
            super().read_boxes(root, entry, images, label_set), raw=rotated, corners=corners_of_rotated(rotated)
        )

    def fake_names(self, stem: str) -> Mapping[str, str]:
        """Return the name that instances files write."""
        return {"file": f"{stem}.jpg"}

    def fake_file(self, path: Path, role: str, samples: Sequence[FakeSample], layout: TemplatedLayout) -> None:
        """Write instances files in the release's two dialects."""
        super().fake_file(path, role, samples, layout)
        if path.suffix != ".json":
            return
        content = json.loads(path.read_text())
        for image in content["images"]:
            image[self.file_key] = image.pop("file_name")
        if role == "boxes":
            content["annotation"] = content.pop("annotations")
        else:
            for item in content["annotations"]:
                x, y, width, height = item["bbox"]
                item["bbox"] = [x + width / 2, y + height / 2, height, width, math.pi / 2]
        path.write_text(json.dumps(content))

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Day and night take turns."""
        return (f"{number % 2}_{60 + number % 8 * 10}_{30 + number % 7 * 10}_0_{number:05d}" for number in numbers)


def _rotated(boxes: Sequence[WrittenBox]) -> NDArray[np.float64]:
    numbers = [(*box.numbers, box.angle or 0.0) for box in boxes if isinstance(box, CocoBox)]
    return np.array(numbers, np.float64).reshape(-1, 5)


SOURCE = HITUAV()
