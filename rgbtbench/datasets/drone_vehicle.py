"""DroneVehicle (Sun et al., 2022): vehicles from above by day and night, boxed at an angle in each camera's image.

The files have a white border of 100 pixels on all sides. They stay as they are, and so do the boxes, which count from
the corner of the bordered image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Final

import numpy as np

from rgbtbench.cards import dataset_card
from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.datasets.source import Layout
from rgbtbench.errors import LabelError, did_you_mean
from rgbtbench.formats.folder import stems_of
from rgbtbench.formats.image_file import read_image_file
from rgbtbench.formats.paths import require_twins
from rgbtbench.formats.polygon_xml import PolygonObject, read_polygons
from rgbtbench.formats.registration import require_one_size
from rgbtbench.formats.write_boxes import write_polygons
from rgbtbench.formats.write_image import write_image
from rgbtbench.pair import Boxes, Entry, Pair, key_of

BORDER: Final = 100
#: Class of objects that the annotators marked and did not name.
UNNAMED: Final = "unnamed"

_STEM = re.compile(r"[0-9]{5}")
_SPLITS = ("train", "val", "test")
_FILES = {
    "rgb": "{split}/{split}img/{stem}.jpg",
    "lwir": "{split}/{split}imgr/{stem}.jpg",
    "boxes_rgb": "{split}/{split}label/{stem}.xml",
    "boxes_lwir": "{split}/{split}labelr/{stem}.xml",
}
_NO_NAME = ("", "*")


class DroneVehicle:
    """Folders decide the splits, which count alike, so that an id names its split."""

    name = "drone_vehicle"
    layouts = (
        Layout(
            "official",
            ("*/*img", "*/*imgr", "*/*label", "*/*labelr"),
            "{train,val,test} with <split>img, <split>imgr (thermal), <split>label, <split>labelr",
        ),
    )

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the samples of every split that is there, by number; raises `InputFileError`."""
        for split in _SPLITS:
            templates = [path.format(split=split, stem="{stem}") for path in _FILES.values()]
            for order, stem in enumerate(stems_of(root, templates, pattern=_STEM)):
                yield Entry(
                    key=key_of(f"{split}/{stem}"),
                    official_id=f"{split}/{stem}",
                    split=split,
                    order=order,
                    files={role: path.format(split=split, stem=stem) for role, path in _FILES.items()},
                )

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one sample with the boxes of both cameras. Raises `InputFileError`, `LabelError`."""
        require_twins(root, entry.files)
        card = dataset_card(self.name)
        images = {name: read_image_file(root, entry.files[name]) for name in card.modalities}
        require_one_size(root, *images.values())
        labels, left_out = {}, {}
        for label_set, facts in card.label_sets.items():
            objects = read_polygons(root, entry.files[label_set])
            placed = [item for item in objects if item.corners is not None]
            labels[label_set] = _boxes(placed, facts, root / entry.files[label_set])
            left_out[f"placeless_{label_set.removeprefix('boxes_')}"] = len(objects) - len(placed)
        return Pair(self.name, entry, images, labels, {**entry.attributes, **left_out})

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write rendered scenes with the border; thermal boxes are turned a little, and some names misspelt."""
        from rgbtbench.datasets.fakes import native_boxes, rendered

        numbers = count(1)
        for split in _SPLITS:
            for position in range(counts.get(split, 0)):
                scene = rendered(seed, next(numbers), width=160, height=120)
                stem = f"{90001 + position}"
                paths = {role: root / path.format(split=split, stem=stem) for role, path in _FILES.items()}
                pixels = {"rgb": scene.rgb, "lwir": np.dstack([scene.lwir] * 3)}
                for name, image in pixels.items():
                    border = ((BORDER, BORDER), (BORDER, BORDER), (0, 0))
                    write_image(paths[name], np.pad(image, border, constant_values=255))
                facts = dataset_card(self.name).label_sets["boxes_rgb"]
                boxes = [(name, _cornered(box)) for name, box in native_boxes(scene, facts)]
                write_polygons(paths["boxes_rgb"], boxes)
                turned = [(name, (x1 + 2, y1, x2, y2 + 2, *rest)) for name, (x1, y1, x2, y2, *rest) in boxes]
                write_polygons(paths["boxes_lwir"], [*turned, ("feright", (110, 110, 130, 112, 129, 120, 109, 118))])


def _boxes(placed: Sequence[PolygonObject], facts: LabelSetFacts, path: Path) -> Boxes:
    ids = {spelling: entry.id for entry in facts.classes for spelling in (entry.name, *entry.spellings)}
    names = [UNNAMED if item.name in _NO_NAME else item.name for item in placed]
    for name in names:
        if name not in ids:
            raise LabelError(
                f"holds the class {name!r}, which the card does not name", path=path, remedy=did_you_mean(name, ids)
            )
    raw = np.array([item.corners for item in placed], np.float64).reshape(-1, 8)
    corners = raw.reshape(-1, 4, 2)
    return Boxes(
        frame=facts.frame,
        xyxy=np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1) if len(raw) else np.empty((0, 4)),
        labels=np.array([ids[name] for name in names], np.int64),
        ignore=np.array([name == UNNAMED for name in names], np.bool_),
        occlusion=np.full(len(raw), -1, np.int64),
        raw=raw,
        convention="corners as written, in the bordered image",
        corners=corners,
    )


def _cornered(box: tuple[float, float, float, float]) -> tuple[float, ...]:
    left, top, right, bottom = (value + BORDER for value in box)
    return left, top, right, top, right, bottom, left, bottom


SOURCE = DroneVehicle()
