"""Small trees of KAIST's forms with rendered scenes, as frames of a video that the release does not have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from rgbtbench.cards import dataset_card
from rgbtbench.datasets.kaist_frames import LISTS, TRAINING, path_of
from rgbtbench.formats.write_boxes import NamedBox, write_bbgt, write_coco, write_kaist_xml
from rgbtbench.formats.write_image import write_image

_SIZE: Final = (160, 128)
_LISTS: Final = {
    "train": f"{LISTS}/train-all-01.txt",
    "train-02": f"{LISTS}/train-all-02.txt",
    "train-04": f"{LISTS}/train-all-04.txt",
    "train-20": f"{LISTS}/train-all-20.txt",
    "arcnn": "splits/trainval.txt",
    "mbnet": f"{LISTS}/train-mbnet.txt",
    "test": f"{LISTS}/test-all-20.txt",
    "test-all": f"{LISTS}/test-all-01.txt",
}
#: What lies in the release beside what is meant: a link of somebody's desktop, and lists of other frames.
_STRAY: Final = {
    "annotations-xml-new/set00/V009/annotations-xml-new - 바로 가기.lnk": "L",
    f"{LISTS}/old/test20_new.txt": "set06/V009/I00000\n",
    f"{LISTS}/test-all-01-Seq.txt": "set06/V009/I00019\r\nset06/V009/I00019\r\n",
}


def write_release(root: Path, images: Mapping[str, str], counts: Mapping[str, int], seed: int) -> None:
    """Write the tree of the release with its lists, and paired and sanitized labels of training frames beside it."""
    frames = {split: _frames(split, number) for split, number in counts.items()}
    for frame in dict.fromkeys(frame for split in frames for frame in frames[split]):
        boxes = _write_images(root, images, frame, seed)
        write_kaist_xml(root / f"annotations-xml-new/{frame}.xml", frame=frame, boxes=boxes)
        if frame.startswith("set00"):
            for camera in ("visible", "lwir"):
                write_bbgt(root / path_of(f"annotations_paired/{{video}}/{camera}/{{frame}}.txt", frame), boxes=boxes)
        if frame in frames.get("sanitized", []):
            write_bbgt(root / path_of("sanitized_annotations/{flat}.txt", frame), boxes=boxes)
    lists = {_LISTS[split]: "".join(f"{frame}\r\n" for frame in frames[split]) for split in frames if split in _LISTS}
    for relative, text in (lists | _STRAY).items():
        (root / relative).parent.mkdir(parents=True, exist_ok=True)
        (root / relative).write_text(text, newline="")


def write_frames(root: Path, images: Mapping[str, str], count: int, seed: int) -> None:
    """Write test frames without a list, with improved labels as text."""
    for frame in _frames("test", count):
        write_bbgt(root / path_of("annotations/{flat}.txt", frame), boxes=_write_images(root, images, frame, seed))


def write_instances(root: Path, files: Mapping[str, tuple[str, str]], counts: Mapping[str, int], seed: int) -> None:
    """Write M-SpecGene's copy; `files` is split to instances file and image folder."""
    for split, (instances, folder) in files.items():
        images = {"rgb": f"coco2/{folder}/{{flat}}.jpg", "lwir": f"coco/{folder}/{{flat}}.jpg"}
        boxes = {
            path_of("{flat}.jpg", frame): [
                box for box in _write_images(root, images, frame, seed) if box[0] == "person"
            ]
            for frame in _frames(split, counts.get(split, 0))
        }
        write_coco(root / f"coco/annotations/{instances}.json", size=_SIZE, boxes=boxes)


def _frames(split: str, count: int) -> list[str]:
    """Frames that the split's own rule chooses; those of `train` are chosen by no other rule."""
    numbers = range(0, 2 * count, 2) if split == "train" else range(19, 19 + 20 * count, 20)
    return [f"set{'00' if split in TRAINING else '06'}/V009/I{number:05d}" for number in numbers]


def _write_images(root: Path, images: Mapping[str, str], frame: str, seed: int) -> list[NamedBox]:
    from rgbtbench.datasets.fakes import native_boxes, rendered

    scene = rendered(seed, int(frame[3:5]) * 1000 + int(frame[-5:]), width=_SIZE[0], height=_SIZE[1])
    write_image(root / path_of(images["rgb"], frame), scene.rgb)
    write_image(root / path_of(images["lwir"], frame), np.dstack([scene.lwir] * 3))
    return native_boxes(scene, dataset_card("kaist").label_sets["improved"])
