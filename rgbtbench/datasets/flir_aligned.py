"""FLIR-aligned (Zhang et al., ICIP 2020): RGB warped onto the thermal images of FLIR ADAS, with boxes.

The official tree has VOC files; repacks have one COCO file per split.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.schema import AttributeValue
from rgbtbench.datasets.box_templates import BoxSource, Written
from rgbtbench.datasets.flir_numbers import block_of, numbers_of
from rgbtbench.datasets.id_ranges import run_of
from rgbtbench.datasets.templates import FakeSample, TemplatedLayout, template
from rgbtbench.errors import InputFileError

if TYPE_CHECKING:
    from rgbtbench.formats.write_boxes import NamedBox

#: From the last pixel of a box to its end.
_LAST_PIXEL = np.array([0.0, 0.0, 1.0, 1.0])
_VOC = {
    "rgb": "JPEGImages/{id}_RGB.jpg",
    "lwir": "JPEGImages/{id}_PreviewData.jpeg",
    "boxes": "Annotations/{id}_PreviewData.xml",
    "three_class": "Annotations/{id}_PreviewData.xml",
}


class FLIRAligned(BoxSource):
    """Lists (VOC) or instances files (COCO) decide what a split holds, and must keep to the rule of ids."""

    name = "flir_aligned"
    stem = re.compile(r"(?P<id>FLIR_[0-9]{5})(_PreviewData)?")
    layouts = (
        template(
            "official",
            _VOC,
            splits={"train": "train", "test": "validation"},
            lists="align_{split}.txt",
            marks=("align_*.txt",),
        ),
        template(
            "imagesets",
            _VOC,
            splits={"train": "train", "test": "validation"},
            lists="ImageSets/Main/align_{split}.txt",
            marks=("ImageSets/Main/align_*.txt",),
        ),
        template(
            "damsdet",
            {
                "rgb": "{split}_imgs/vis_imgs/{file}",
                "lwir": "{split}_imgs/ir_imgs/{file}",
                "three_class": "annotations/{split}.json",
            },
            splits={"train": "train", "test": "val"},
        ),
        template(
            "unirgb-ir",
            {"rgb": "{split}/{file}", "lwir": "{split}/{thermal}", "three_class": "Annotation_{split}.json"},
            splits={"train": "train", "test": "test"},
            marks=("Annotation_*.json",),
        ),
        template(
            "m-specgene",
            {
                "rgb": "FLIR_rgb/{folder}/{file}",
                "lwir": "FLIR_ir/{folder}/{file}",
                "three_class": "FLIR_ir/annotations/FLIR_{split}.json",
            },
            splits={"train": "train", "test": "test"},
        ),
    )

    def samples(self, root: Path, table: TemplatedLayout, split: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield stem and files of each sample; an id of the other split is an error."""
        first, last = numbers_of(self.card, split)
        for stem, files in super().samples(root, table, split):
            if not first <= int(stem[5:10]) <= last:
                raise InputFileError(
                    f"{stem} is listed as {table.splits[split]}",
                    expected=f"numbers from {first} to {last} there, as in FLIR ADAS",
                    path=root,
                    remedy="take the lists of the aligned release: others mix the splits",
                )
            yield stem, files

    def paths(self, table: TemplatedLayout, split: str, stem: str, **names: str) -> dict[str, str]:
        """Return role to path; one repack calls its split test and the folder of it val."""
        return super().paths(table, split, stem, folder="train" if split == "train" else "val", **names)

    def official_id(self, split: str, stem: str) -> str:
        """Leave out what lists add to an id."""
        return stem[:10]

    def keeps(self, stem: str) -> bool:
        """Leave out what the card names: an image of the training list that no converted training set has."""
        return stem[:10] not in self.card.editions["official"].splits["train"].left_out

    def attributes(self, split: str, stem: str) -> Mapping[str, AttributeValue]:
        """Day or night goes by the id."""
        run = run_of("flir_aligned_times", int(stem[5:10]))
        return {"time_of_day": run["time_of_day"] if run else None}

    def cluster(self, split: str, stem: str) -> str:
        """Return the block of neighbouring frames."""
        return block_of(int(stem[5:10]))

    def half_open(self, label_set: str, written: Written) -> tuple[NDArray[np.float64], str]:
        """Count the last pixel in, as the annotators did; the three-class set keeps what papers score."""
        if label_set == "boxes":
            return written.xyxy + _LAST_PIXEL, "voc-xyxy from 0, last pixel included"
        return super().half_open(label_set, written)

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Number from the start of the split; lists name the thermal file."""
        first, _ = numbers_of(self.card, split)
        return (f"FLIR_{first - 1 + number:05d}_PreviewData" for number in numbers)

    def fake_names(self, stem: str) -> Mapping[str, str]:
        """Return names as repacks might have them; whatever their instances files say is followed."""
        return {"file": f"{stem[:10]}.jpg", "thermal": f"{stem[:10]}_PreviewData.jpeg"}

    def fake_boxes(self, sample: FakeSample, label_set: str) -> Sequence[NamedBox]:
        """Return boxes whose far corners are their last pixels; those of one pixel would be empty in repacks."""
        whole = super().fake_boxes(sample, label_set)
        return [(name, (x1, y1, x2 - 1, y2 - 1)) for name, (x1, y1, x2, y2) in whole if min(x2 - x1, y2 - y1) > 1]


SOURCE = FLIRAligned()
