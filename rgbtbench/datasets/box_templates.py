"""Templated datasets whose labels are boxes: the ending of a label file says how it is read.

`.xml` is PASCAL VOC and `.txt` is YOLO, both one file per image; `.json` is COCO, one file per split, which then
decides what the split holds. What the numbers mean is decided per dataset, in `BoxSource.half_open`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rgbtbench.datasets.templates import FakeSample, TemplatedLayout, TemplatedSource
from rgbtbench.errors import InputFileError
from rgbtbench.formats.box_list import WrittenBox, plain_boxes, raw_numbers, xyxy_of_xywh
from rgbtbench.formats.coco_json import image_of_any, read_coco_once
from rgbtbench.formats.paths import is_there
from rgbtbench.formats.voc_xml import read_voc
from rgbtbench.formats.yolo_txt import read_yolo, xyxy_of_yolo
from rgbtbench.labels import HIDE
from rgbtbench.pair import Boxes, Entry, Image

if TYPE_CHECKING:
    from rgbtbench.formats.write_boxes import NamedBox

VOC, COCO, YOLO = "voc-xyxy", "coco-xywh", "yolo-cxcywh"


class Written(NamedTuple):
    """The objects of one sample as a file writes them.

    Attributes:
        boxes: names and numbers.
        xyxy: float64 (N, 4), the numbers turned into corners and pixels and nothing else.
        form: what the numbers are: `VOC`, `COCO` or `YOLO`, or a module's own word.
        ignore: one flag per box.
    """

    boxes: Sequence[WrittenBox]
    xyxy: NDArray[np.float64]
    form: str
    ignore: Sequence[bool]


class BoxSource(TemplatedSource):
    """A templated dataset with boxes.

    In layouts led by COCO files, paths may hold `{file}`, the image's name as the file writes it, and `{thermal}`, that
    of the other camera's image.

    Attributes:
        file_key: what COCO files call the image's name.
    """

    file_key = "file_name"

    def half_open(self, label_set: str, written: Written) -> tuple[NDArray[np.float64], str]:
        """Return corners as `pair.Boxes` has them, and how the source counts; the numbers stand unless overridden."""
        return written.xyxy, f"{written.form} as written, half-open"

    def takes(self, label_set: str, name: str) -> bool:
        """Return whether boxes of a class belong to a label set.

        Those that only another set of the card names do not; those that no set names do, and are an error later.
        """
        return name in self._names[label_set] or not any(name in names for names in self._names.values())

    @cached_property
    def _names(self) -> Mapping[str, frozenset[str]]:
        """Class names of every label set of the card."""
        return {known: frozenset(item.name for item in facts.classes) for known, facts in self.card.label_sets.items()}

    def samples(self, root: Path, table: TemplatedLayout, split: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield stem and files of each sample: what the COCO file lists where there is one."""
        shared = next((path for role, path in table.files.items() if self._leads(role, path)), None)
        if shared is None:
            yield from super().samples(root, table, split)
            return
        relative = shared.format(split=table.splits[split])
        if not is_there(root, relative):
            return
        images = read_coco_once(root, relative, file_key=self.file_key)
        if not images:
            raise InputFileError("lists no image", path=root / relative, remedy="remove it to leave the split out")
        for name, image in images.items():
            file = PurePosixPath(name)
            found = self.stem.match(file.name)
            stem = found.group() if found and not file.name[found.end() : found.end() + 1].isalnum() else ""
            files = self.paths(table, split, stem, file=name, thermal=image.thermal or name)
            if not stem or ".." in file.parts or file.name not in {path.rpartition("/")[2] for path in files.values()}:
                raise InputFileError(
                    f"{name!r} is no image of this dataset",
                    expected=f"names that begin like {self.stem.pattern}",
                    path=root / relative,
                    remedy="take the file that belongs to this layout",
                )
            yield stem, files

    def read_labels(self, root: Path, entry: Entry, images: Mapping[str, Image]) -> dict[str, Boxes]:
        """Return the box sets of a sample. Raises `InputFileError`, `LabelError`."""
        return {
            name: self.read_boxes(root, entry, images, name) for name in self.card.label_sets if name in entry.files
        }

    def yolo_names(self, label_set: str) -> Mapping[int, str]:
        """Return the class that each number in YOLO files stands for: the card's, unless overridden."""
        return {item.id: item.name for item in self.card.label_sets[label_set].classes}

    def read_written(self, root: Path, entry: Entry, images: Mapping[str, Image], label_set: str) -> Written:
        """Return the objects in a label file as its ending says."""
        relative, facts = entry.files[label_set], self.card.label_sets[label_set]
        if relative.endswith(".xml"):
            found = read_voc(root, relative)
            return Written(found, raw_numbers(found), VOC, [False] * len(found))
        if relative.endswith(".txt"):
            followed = [image for name, image in images.items() if (name == "rgb") == (facts.frame != "x")]
            camera, *_ = followed or images.values()
            lines = read_yolo(root, relative, names=self.yolo_names(label_set))
            xyxy = xyxy_of_yolo(lines, width=camera.width, height=camera.height)
            return Written(lines, xyxy, YOLO, [False] * len(lines))
        files = [entry.files[name] for name in self.card.modalities if name in entry.files]
        listed = image_of_any(read_coco_once(root, relative, file_key=self.file_key), files, path=root / relative).boxes
        return Written(listed, xyxy_of_xywh(raw_numbers(listed)), COCO, [box.ignore for box in listed])

    def read_boxes(self, root: Path, entry: Entry, images: Mapping[str, Image], label_set: str) -> Boxes:
        """Return one box set; boxes of classes that the card hides are regions to ignore."""
        facts = self.card.label_sets[label_set]
        written = self.read_written(root, entry, images, label_set)
        xyxy, convention = self.half_open(label_set, written)
        hidden = {item.name for item in facts.classes if item.unified == HIDE}
        kept = [row for row, box in enumerate(written.boxes) if self.takes(label_set, box.name)]
        boxes = [written.boxes[row] for row in kept]
        ignore = [written.ignore[row] or written.boxes[row].name in hidden for row in kept]
        path = root / entry.files[label_set]
        return plain_boxes(boxes, xyxy[kept], facts, convention=convention, path=path, ignore=ignore)

    def _leads(self, role: str, path: str) -> bool:
        return role in self.card.label_sets and path.endswith(".json") and "{stem}" not in path

    def fake_file(self, path: Path, role: str, samples: Sequence[FakeSample], layout: TemplatedLayout) -> None:
        """Write a picture, or a file of boxes as its ending says."""
        if role not in self.card.label_sets:
            super().fake_file(path, role, samples, layout)
            return
        from rgbtbench.formats.write_boxes import write_coco, write_voc, write_yolo

        boxes = [self.fake_boxes(sample, role) for sample in samples]
        if path.suffix == ".xml":
            write_voc(path, size=self.fake_size, boxes=boxes[0])
        elif path.suffix == ".txt":
            ids = {name: number for number, name in self.yolo_names(role).items()}
            write_yolo(path, size=self.fake_size, boxes=boxes[0], ids=ids)
        else:
            files = [self.fake_listed(sample.files) for sample in samples]
            write_coco(path, size=self.fake_size, boxes=dict(zip(files, boxes, strict=True)))

    def fake_boxes(self, sample: FakeSample, label_set: str) -> Sequence[NamedBox]:
        """Return the boxes of a rendered scene with the label set's own names."""
        from rgbtbench.datasets.fakes import native_boxes

        return native_boxes(sample.scene, self.card.label_sets[label_set])

    def fake_listed(self, files: Mapping[str, str]) -> str:
        """Return the name under which a COCO file of a fake tree lists a sample: that of its first image."""
        return PurePosixPath(next(files[name] for name in self.card.modalities if name in files)).name
