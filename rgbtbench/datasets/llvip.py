"""LLVIP (Jia et al., ICCV Workshops 2021): registered RGB and thermal street scenes with pedestrian boxes.

Two versions of the labels circulate in the same folders; the card says how they are told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.schema import AttributeValue
from rgbtbench.datasets.box_templates import BoxSource, Written
from rgbtbench.datasets.source import Layout
from rgbtbench.datasets.templates import FakeSample, template
from rgbtbench.datasets.versions import UNVERSIONED, VERSION_FILE, label_version
from rgbtbench.pair import Entry, Image

if TYPE_CHECKING:
    from rgbtbench.formats.write_boxes import NamedBox

_SPLITS = {"train": "train", "test": "test"}
#: Folder of the COCO files whose corners are 1 less than in the VOC files.
_TFDET = "coco_format"
_MOVED = "coco-xywh, 1 less than in the VOC file"


class LLVIP(BoxSource):
    """Images of both cameras decide what a split holds (official), or its instances file does (COCO).

    Label files stand under the name of no version until the whole tree says which it is.
    """

    name = "llvip"
    stem = re.compile(r"[0-9]{6}")
    fake_size = (160, 128)
    layouts = (
        template(
            "official",
            {
                "rgb": "visible/{split}/{stem}.jpg",
                "lwir": "infrared/{split}/{stem}.jpg",
                UNVERSIONED: "Annotations/{stem}.xml",
            },
            splits=_SPLITS,
        ),
        template(
            "coco",
            {
                "rgb": "{split}_imgs/vis_imgs/{stem}.jpg",
                "lwir": "{split}_imgs/ir_imgs/{stem}.jpg",
                UNVERSIONED: "annotations/{split}.json",
            },
            splits={"train": "train", "test": "val"},
            marks=("annotations/*.json",),
        ),
        template(
            "tfdet",
            {
                "rgb": "visible/{split}/{stem}.jpg",
                "lwir": "lwir/{split}/{stem}.jpg",
                UNVERSIONED: f"{_TFDET}/lwir_{{split}}.json",
            },
            splits=_SPLITS,
            marks=(f"{_TFDET}/lwir_*.json",),
        ),
    )

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the samples of every split that is there, by stem; raises `InputFileError`, `LayoutError`."""

        def count_boxes(stem: str) -> int:
            files = self.paths(self._table(layout), "test", stem)
            known = Entry(key=stem, official_id=stem, split="test", order=0, files=files)
            return len(self.read_boxes(root, known, {}, UNVERSIONED).labels)

        label_set = label_version(root, self.card, count_boxes)
        for entry in super().entries(root, layout):
            files = {label_set if role == UNVERSIONED else role: path for role, path in entry.files.items()}
            yield replace(entry, files=files)

    def attributes(self, split: str, stem: str) -> Mapping[str, AttributeValue]:
        """The scene is in the first two digits."""
        return {"scene": stem[:2]}

    def cluster(self, split: str, stem: str) -> str:
        """Return the scene: a camera that does not move."""
        return stem[:2]

    def read_written(self, root: Path, entry: Entry, images: Mapping[str, Image], label_set: str) -> Written:
        """Return the objects of one image, and whether a repack moved them."""
        written = super().read_written(root, entry, images, label_set)
        moved = entry.files[label_set].startswith(f"{_TFDET}/")
        return written._replace(form=_MOVED) if moved else written

    def half_open(self, label_set: str, written: Written) -> tuple[NDArray[np.float64], str]:
        """Take the numbers of the VOC files as they stand, and move back what was moved."""
        return (written.xyxy + 1, _MOVED) if written.form == _MOVED else super().half_open(label_set, written)

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Number after the release's 26 scenes, so that none is taken for a fingerprint."""
        scene = 27 + list(_SPLITS).index(split)
        return (f"{scene}{number:04d}" for number in numbers)

    def fake_boxes(self, sample: FakeSample, label_set: str) -> Sequence[NamedBox]:
        """Return the boxes of a rendered scene, moved where the repack moves them."""
        by = int(sample.files[label_set].startswith(f"{_TFDET}/"))
        return [
            (name, (x1 - by, y1 - by, x2 - by, y2 - by))
            for name, (x1, y1, x2, y2) in super().fake_boxes(sample, label_set)
        ]

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write rendered scenes of 160x128 pixels in `layout`, said to have the labels that circulate in it."""
        super().fake(root, layout, counts, seed)
        (root / VERSION_FILE).write_text("v1\n" if layout.name == "tfdet" else "v2\n")


SOURCE = LLVIP()
