"""LLVIP (Jia et al., ICCV Workshops 2021): registered RGB and thermal street scenes with pedestrian boxes.

Two versions of the labels circulate in the same folders; the card says how they are told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from rgbtbench.cards import dataset_card
from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.datasets.source import Layout
from rgbtbench.datasets.versions import UNVERSIONED, VERSION_FILE, label_version
from rgbtbench.errors import InputFileError
from rgbtbench.formats.box_list import plain_boxes, raw_numbers, xyxy_of_xywh
from rgbtbench.formats.coco_json import image_of, read_coco_once
from rgbtbench.formats.image_file import read_image_file
from rgbtbench.formats.paths import require_twins
from rgbtbench.formats.registration import require_one_size
from rgbtbench.formats.voc_xml import read_voc
from rgbtbench.formats.write_boxes import write_coco, write_voc
from rgbtbench.formats.write_image import write_image
from rgbtbench.pair import Boxes, Entry, Pair, key_of

_NAME = re.compile(r"[0-9]{6}\.jpg")
_OFFICIAL = Layout(
    "official",
    ("visible", "infrared", "Annotations"),
    "visible and infrared with {train,test}/<stem>.jpg, Annotations/<stem>.xml",
)
_COCO = Layout(
    "coco",
    ("val_imgs/vis_imgs", "val_imgs/ir_imgs", "annotations/val.json"),
    "{train,val}_imgs with {vis_imgs,ir_imgs}/<stem>.jpg, annotations/{train,val}.json (a split without is left out)",
)
#: By layout: what it calls our splits, and the paths of a sample (rgb, lwir, labels).
_SPLITS = {"official": {"train": "train", "test": "test"}, "coco": {"train": "train", "test": "val"}}
_PATHS = {
    "official": ("visible/{split}/{stem}.jpg", "infrared/{split}/{stem}.jpg", "Annotations/{stem}.xml"),
    "coco": ("{split}_imgs/vis_imgs/{stem}.jpg", "{split}_imgs/ir_imgs/{stem}.jpg", "annotations/{split}.json"),
}


class LLVIP:
    """Images of both cameras decide what a split holds (official), or its instances file does (COCO)."""

    name = "llvip"
    layouts = (_OFFICIAL, _COCO)

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the samples of every split that is there, by stem; raises `InputFileError`, `LayoutError`."""
        card = dataset_card(self.name)

        def count_boxes(stem: str) -> int:
            return len(_read_boxes(root, _paths(layout, "test", stem)[2], stem, card.label_sets[UNVERSIONED]).labels)

        label_set = label_version(root, card, count_boxes)
        for split in _SPLITS[layout.name]:
            for order, stem in enumerate(_stems(root, layout, split)):
                rgb, lwir, labels = _paths(layout, split, stem)
                yield Entry(
                    key=key_of(stem),
                    official_id=stem,
                    split=split,
                    order=order,
                    files={"rgb": rgb, "lwir": lwir, label_set: labels},
                    attributes={"scene": stem[:2]},
                    cluster=stem[:2],
                )

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one sample; all image bytes stay official. Raises `InputFileError`, `LabelError`."""
        require_twins(root, entry.files)
        images = {modality: read_image_file(root, entry.files[modality]) for modality in ("rgb", "lwir")}
        require_one_size(root, *images.values())
        (label_set,) = set(entry.files) - set(images)
        facts = dataset_card(self.name).label_sets[label_set]
        boxes = _read_boxes(root, entry.files[label_set], entry.official_id, facts)
        return Pair(self.name, entry, images, {label_set: boxes}, entry.attributes)

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write rendered scenes of 160x128 pixels in `layout`, said to have labels of version 2.

        They are numbered after the release's 26 scenes, so that none is taken for a fingerprint.
        """
        from rgbtbench.datasets.fakes import native_boxes
        from rgbtbench.synthesis.render import render

        facts, size = dataset_card(self.name).label_sets["v2"], (160, 128)
        (root / VERSION_FILE).write_text("v2\n")
        for scene_number, (split, count) in enumerate(counts.items(), 27):
            boxes = {}
            for number in range(1, count + 1):
                stem = f"{scene_number:02d}{number:04d}"
                rgb, lwir, labels = (root / path for path in _paths(layout, split, stem))
                scene = render(seed, int(stem), width=size[0], height=size[1])
                write_image(rgb, scene.rgb)
                write_image(lwir, np.dstack([scene.lwir] * 3))
                boxes[rgb.name] = native_boxes(scene, facts)
                if layout == _OFFICIAL:
                    write_voc(labels, size=size, boxes=boxes[rgb.name])
            if layout == _COCO:
                write_coco(root / _paths(layout, split, "")[2], size=size, boxes=boxes)


def _paths(layout: Layout, split: str, stem: str) -> tuple[str, ...]:
    return tuple(path.format(split=_SPLITS[layout.name][split], stem=stem) for path in _PATHS[layout.name])


def _stems(root: Path, layout: Layout, split: str) -> list[str]:
    rgb, lwir, labels = _paths(layout, split, "*")
    if layout == _COCO:
        where = root / labels
        names = list(read_coco_once(root, labels)) if where.exists() else []
    else:
        where = (root / rgb).parent
        names = sorted({file.name for pattern in (rgb, lwir) for file in root.glob(pattern)})
    if where.exists() and not names:
        raise InputFileError("holds no sample", path=where, remedy="fill it, or remove it to leave the split out")
    for name in names:
        if not _NAME.fullmatch(name):
            raise InputFileError(
                f"{name!r} is no image of this dataset", expected="six digits", path=where, remedy="remove it"
            )
    return [name.removesuffix(".jpg") for name in names]


def _read_boxes(root: Path, labels: str, stem: str, facts: LabelSetFacts) -> Boxes:
    path = root / labels
    if path.suffix == ".json":
        listed = image_of(read_coco_once(root, labels), f"{stem}.jpg", path=path).boxes
        xyxy = xyxy_of_xywh(raw_numbers(listed))
        return plain_boxes(listed, xyxy, facts, convention="coco-xywh as written", path=path)
    written = read_voc(root, labels)
    return plain_boxes(written, raw_numbers(written), facts, convention="voc-xyxy as written, half-open", path=path)


SOURCE = LLVIP()
