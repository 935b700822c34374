"""The labels of KAIST: in which forms they circulate, which of them a tree holds, and how each is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.datasets.kaist_frames import TRAINING
from rgbtbench.errors import InputFileError
from rgbtbench.formats.bbgt import read_bbgt
from rgbtbench.formats.coco_json import image_of, read_coco_once
from rgbtbench.formats.kaist_xml import read_kaist_xml
from rgbtbench.formats.pedestrian_box import PedestrianBox, boxes_of_instances, pedestrian_boxes
from rgbtbench.formats.vbb import read_vbb_once
from rgbtbench.pair import Boxes, Entry


@dataclass(frozen=True, slots=True)
class LabelPlace:
    """One form of one label set.

    Attributes:
        label_set: of the card.
        splits: whose frames have these labels there.
        mark: path that shows that a tree holds them; `*` stands for any part of a name.
        file: path with `{video}` (set00/V000), `{frame}` (I00000) and `{flat}` (set00_V000_I00000).
    """

    label_set: str
    splits: tuple[str, ...]
    mark: str
    file: str


_OF_FRAMES, _TEXT_OF_TEST = "{video}/{frame}", "{flat}.txt"
_ALL = (*TRAINING, "test", "test-all")
#: The first place of a label set that a tree holds is taken. In annotations-xml-new the frames of test-all-20 have the
#: improved labels and all others the original ones.
PLACES: Final = (
    LabelPlace("improved", ("test",), "annotations-xml-new", f"annotations-xml-new/{_OF_FRAMES}.xml"),
    *(
        LabelPlace("improved", ("test",), f"{folder}/set*_V*_I*.txt", f"{folder}/{_TEXT_OF_TEST}")
        for folder in (
            "annotations_KAIST_test_set",
            "test-all/annotations_KAIST_test_set",
            "test-all/annotations",
            "annotations",
        )
    ),
    *(
        LabelPlace("leaderboard", ("test",), file, file)
        for file in ("KAIST_annotation.json", "kaist_annotations_test20.json")
    ),
    LabelPlace("original", TRAINING, "annotations-xml-new", f"annotations-xml-new/{_OF_FRAMES}.xml"),
    LabelPlace("mixed", ("test-all",), "annotations-xml-new", f"annotations-xml-new/{_OF_FRAMES}.xml"),
    LabelPlace("original", _ALL, "annotations/set*/V*/I*.txt", f"annotations/{_OF_FRAMES}.txt"),
    LabelPlace("original", _ALL, "annotations-xml/set*/V*", f"annotations-xml/{_OF_FRAMES}.xml"),
    LabelPlace("original", _ALL, "annotations-vbb/set*/V*.vbb", "annotations-vbb/{video}.vbb"),
    LabelPlace("sanitized", ("sanitized",), "sanitized_annotations", "sanitized_annotations/{flat}.txt"),
    *(
        LabelPlace(label_set, TRAINING, f"{folder}/set*/V*/{camera}", f"{folder}/{{video}}/{camera}/{{frame}}.txt")
        for folder in ("annotations_paired", "annotations")
        for label_set, camera in (("paired_rgb", "visible"), ("paired_lwir", "lwir"))
    ),
)


def labels_held(root: Path) -> dict[str, dict[str, str]]:
    """Return split to label set to the path of its files, for every label set that a tree holds."""
    held: dict[str, dict[str, str]] = {}
    for place in PLACES:
        if next(iter(root.glob(place.mark)), None) is not None:
            for split in place.splits:
                held.setdefault(split, {}).setdefault(place.label_set, place.file)
    return held


def read_labels(root: Path, entry: Entry, name: str, facts: LabelSetFacts) -> Boxes:
    """Return the boxes of one frame, from whichever form its label file has.

    Args:
        root: the dataset's folder.
        entry: the frame.
        name: of the label set, whose file the entry names.
        facts: the card's label set; classes that the unified label space ignores are regions to ignore.

    Raises:
        InputFileError: as the form's reader, or a file that does not hold the frame.
        LabelError: a class name that the card does not have.
    """
    relative = entry.files[name]
    path = root / relative
    written: Sequence[PedestrianBox]
    match path.suffix:
        case ".xml":
            written, source = read_kaist_xml(root, relative), "kaist-xml"
        case ".vbb":
            written, source = _of_video(root, relative, int(entry.official_id[-5:])), "vbb"
        case ".json":
            key, image = ("im_name", entry.official_id) if name == "leaderboard" else _file_name(entry)
            images = read_coco_once(root, relative, file_key=key)
            written, source = boxes_of_instances(image_of(images, image, path=path).boxes), "coco"
        case _:
            written, source = read_bbgt(root, relative), "bbgt"
    ignored = [known.name for known in facts.classes if known.unified == "ignore"]
    return pedestrian_boxes(written, facts, ignored=ignored, source=source, path=path)


def _file_name(entry: Entry) -> tuple[str, str]:
    return "file_name", entry.files["lwir"].rpartition("/")[2]


def _of_video(root: Path, relative: str, number: int) -> tuple[PedestrianBox, ...]:
    frames = read_vbb_once(root, relative)
    if number >= len(frames):
        raise InputFileError(
            f"annotates {len(frames)} frames, and none with the number {number}",
            path=root / relative,
            remedy="take images and annotations from one release",
        )
    return frames[number]
