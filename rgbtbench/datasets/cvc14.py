"""CVC-14 (González et al., Sensors 2016): visible and far-infrared frames from a car, boxes for each camera."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import cycle
from pathlib import Path

from rgbtbench.cards import dataset_card
from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.datasets.source import Layout
from rgbtbench.errors import LayoutError
from rgbtbench.formats.coco_json import image_of, read_coco_once
from rgbtbench.formats.cvc_text import read_cvc_text
from rgbtbench.formats.folder import require_together, stems_of
from rgbtbench.formats.foreign_image import read_any_image
from rgbtbench.formats.paths import is_there, require_twins
from rgbtbench.formats.pedestrian_box import boxes_of_instances, pedestrian_boxes
from rgbtbench.formats.write_boxes import write_coco, write_cvc_text
from rgbtbench.formats.write_image import write_image
from rgbtbench.pair import Boxes, Entry, Pair, key_of

_STEM = re.compile(r"[0-9]{4}(_[0-9]{2}){5}_[0-9]{6}_?")  # a date, a time and, in some recordings, one more underscore
_MINUTE = len("2014_05_05_17_29")
_SIZE = (160, 118)
_TRUTH = "CVC_annotation.json"
_SPLITS = {"train": "Train", "test": "NewTest"}
_TIMES = {"Day": "day", "Night": "night"}
_FILES = {
    "rgb": "{time}/Visible/{split}/FramesPos/{stem}.tif",
    "lwir": "{time}/FIR/{split}/FramesPos/{stem}.tif",
    "visible": "{time}/Visible/{split}/Annotations/{stem}.txt",
    "fir": "{time}/FIR/{split}/Annotations/{stem}.txt",
}


class CVC14:
    """A frame is a pair when both cameras have its image and its annotation; the release holds others too."""

    name = "cvc14"
    layouts = (
        Layout(
            "official",
            ("*/Visible/*/FramesPos", "*/FIR/*/FramesPos"),
            "{Day,Night}/{Visible,FIR}/{Train,NewTest}/{FramesPos/<stem>.tif,Annotations/<stem>.txt}",
        ),
    )

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the frames of every split, day before night, by time; raises `InputFileError`, `LayoutError`."""
        times = {split: _paired(root, folder) for split, folder in _SPLITS.items()}
        if not any(times.values()):
            raise LayoutError(
                "no frame has an image and an annotation of both cameras",
                expected=", ".join(_FILES.values()),
                path=root,
                remedy="unpack the archive again",
            )
        for split, frames in times.items():
            for order, stem in enumerate(frames):
                yield _entry(split, order, stem, frames[stem])
        if is_there(root, _TRUTH):
            for order, stem in enumerate(read_coco_once(root, _TRUTH, file_key="im_name")):
                time = times["test"].get(stem, "Day")  # of a frame that is not there, the missing file will be named
                yield _entry("test-deformcat", order, stem, time, truth=_TRUTH)

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one frame; TIFF becomes PNG without loss. Raises `InputFileError`, `LabelError`."""
        require_twins(root, entry.files)
        images = {modality: read_any_image(root, entry.files[modality]) for modality in ("rgb", "lwir")}
        sets = {name: facts for name, facts in dataset_card(self.name).label_sets.items() if name in entry.files}
        labels = {name: _boxes(root, entry, name, facts) for name, facts in sets.items()}
        return Pair(self.name, entry, images, labels, entry.attributes)

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write rendered scenes of a day before the recordings, and in each folder a frame that one camera lacks."""
        from rgbtbench.datasets.fakes import native_boxes, rendered

        facts = dataset_card(self.name).label_sets["visible"]
        frames = {}
        for start, (split, folder) in enumerate(_SPLITS.items()):
            for number, time in zip(range(counts.get(split, 0)), cycle(_TIMES), strict=False):
                stem = f"2014_01_0{start + 1}_12_00_{number:02d}_000000{'_' * (time == 'Night')}"
                scene = rendered(seed, 100 * start + number, width=_SIZE[0], height=_SIZE[1])
                boxes = frames[stem] = native_boxes(scene, facts)
                paths = {role: root / path.format(time=time, split=folder, stem=stem) for role, path in _FILES.items()}
                write_image(paths["rgb"], scene.rgb)
                write_image(paths["lwir"], scene.lwir)
                for role in ("visible", "fir"):
                    write_cvc_text(paths[role], boxes=boxes)
                write_image(paths["lwir"].with_name(stem.replace("2014", "2013") + ".tif"), scene.lwir)
        listed = [stem for stem in frames if stem.startswith("2014_01_02")][: counts.get("test-deformcat", 0)]
        if listed:
            write_coco(root / _TRUTH, size=_SIZE, boxes={stem: frames[stem] for stem in listed}, file_key="im_name")


def _paired(root: Path, folder: str) -> dict[str, str]:
    """Return stem to `Day` or `Night` of the frames whose four files are there; raises `InputFileError`."""
    found: dict[str, str] = {}
    for time in _TIMES:
        templates = [path.format(time=time, split=folder, stem="{stem}") for path in _FILES.values()]
        require_together(root, [template.rpartition("/")[0] for template in templates])
        common = set.intersection(*(set(stems_of(root, [template], pattern=_STEM)) for template in templates))
        found |= dict.fromkeys(sorted(common), time)
    return found


def _entry(split: str, order: int, stem: str, time: str, *, truth: str | None = None) -> Entry:
    files = {
        role: path.format(time=time, split=_SPLITS.get(split, "NewTest"), stem=stem) for role, path in _FILES.items()
    }
    return Entry(
        key=key_of(stem),
        official_id=stem,
        split=split,
        order=order,
        files=files if truth is None else {**files, "deformcat": truth},
        attributes={"time_of_day": _TIMES[time]},
        cluster=stem[:_MINUTE],
        image_id=None if truth is None else order,
    )


def _boxes(root: Path, entry: Entry, name: str, facts: LabelSetFacts) -> Boxes:
    relative = entry.files[name]
    if name == "deformcat":
        listed = image_of(read_coco_once(root, relative, file_key="im_name"), entry.official_id, path=root / relative)
        return pedestrian_boxes(
            boxes_of_instances(listed.boxes), facts, ignored=(), source="coco", path=root / relative
        )
    written = read_cvc_text(root, relative, name=facts.classes[0].name)
    return pedestrian_boxes(written, facts, ignored=(), source="cvc", path=root / relative)


SOURCE = CVC14()
