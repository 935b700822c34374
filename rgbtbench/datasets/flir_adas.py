"""FLIR ADAS, version 1 (2018): thermal frames of street scenes in 8 and 14 bits with boxes, most with an RGB frame.

The cameras are not registered, and some frames have no RGB image: those are splits of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from rgbtbench.datasets.box_templates import COCO, BoxSource, Written
from rgbtbench.datasets.flir_numbers import block_of, numbers_of
from rgbtbench.datasets.templates import FakeSample, TemplatedLayout, template
from rgbtbench.formats.box_list import raw_numbers, xyxy_of_xywh
from rgbtbench.formats.flir_json import read_flir_annotation, read_flir_categories
from rgbtbench.formats.folder import folder_there
from rgbtbench.pair import Entry, Image

if TYPE_CHECKING:
    from rgbtbench.synthesis.render import RenderedScene

#: Ending of the splits whose samples have no RGB image.
THERMAL = "_thermal"


#: What the release's text calls the classes, where that differs from the card.
_SPELLINGS = {"people": "person", "bicycles": "bicycle", "cars": "car", "dogs": "dog"}
_SPLITS = ("train", "test", "video")
_FAKE_IDS = {"person": 1, "bicycle": 2, "car": 3, "dog": 18, "other vehicle": 91}
#: Our name of a split to theirs, by layout.
_OFFICIAL = dict(zip(_SPLITS, ("training", "validation", "video"), strict=True))
_V1_3 = dict(zip(_SPLITS, ("train", "val", "video"), strict=True))


def _with_thermal(splits: Mapping[str, str]) -> dict[str, str]:
    return {**splits, **{f"{split}{THERMAL}": theirs for split, theirs in splits.items()}}


class FLIRADAS(BoxSource):
    """Thermal files decide what a split holds (2018), or its instances file does (version 1.3)."""

    name = "flir_adas"
    stem = re.compile(r"FLIR_(video_)?(?P<number>[0-9]{5})")
    layouts = (
        template(
            "official",
            {
                "rgb": "{split}/RGB/{stem}.jpg",
                "lwir": "{split}/PreviewData/{stem}.jpeg",
                "lwir_raw": "{split}/Data/{stem}.tiff",
                "boxes": "{split}/Annotations/{stem}.json",
                "three_class": "{split}/Annotations/{stem}.json",
                "classes": "{labelled}/catids.json",
            },
            splits=_with_thermal(_OFFICIAL),
        ),
        template(
            "v1_3",
            {
                "rgb": "{split}/RGB/{stem}.jpg",
                "lwir": "{split}/thermal_8_bit/{stem}.jpeg",
                "lwir_raw": "{split}/thermal_16_bit/{stem}.tiff",
                "boxes": "{split}/thermal_annotations.json",
                "three_class": "{split}/thermal_annotations.json",
            },
            splits=_with_thermal(_V1_3),
            marks=("*/thermal_annotations.json",),
        ),
    )

    def samples(self, root: Path, table: TemplatedLayout, split: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield stem and files of the samples that have an RGB image, or of those that have none."""
        folder = folder_there(root, table.files["rgb"].rpartition("/")[0].format(split=table.splits[split]))
        with_rgb = {path.stem for path in folder.glob("*.jpg")} if folder is not None else set()
        for stem, files in super().samples(root, table, split):
            if (stem in with_rgb) != split.endswith(THERMAL):
                yield stem, files

    def paths(self, table: TemplatedLayout, split: str, stem: str, **names: str) -> dict[str, str]:
        """Return role to path of one sample, RGB left out in the splits without; the video has no list of classes."""
        theirs = table.splits[split]
        found = super().paths(table, split, stem, labelled="training" if theirs == "video" else theirs, **names)
        return {role: path for role, path in found.items() if role != "rgb" or not split.endswith(THERMAL)}

    def official_id(self, split: str, stem: str) -> str:
        """Tell frames of the video, which are numbered from 1 again, from sampled images."""
        return f"FLIR_video_{stem[-5:]}" if split.startswith("video") else stem

    def cluster(self, split: str, stem: str) -> str:
        """Return the block of neighbouring frames."""
        block = block_of(int(stem[-5:]))
        return f"video{block}" if split.startswith("video") else block

    def read_written(self, root: Path, entry: Entry, images: Mapping[str, Image], label_set: str) -> Written:
        """Return the objects of one image; ids of classes differ between releases, so their names are read."""
        if "classes" not in entry.files:
            return super().read_written(root, entry, images, label_set)
        stated = read_flir_categories(root, entry.files["classes"])
        names = {number: _SPELLINGS.get(name.lower(), name.lower()) for number, name in stated.items()}
        found = read_flir_annotation(root, entry.files[label_set], names)
        return Written(found, xyxy_of_xywh(raw_numbers(found)), COCO, [box.ignore for box in found])

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Number from the start of the split."""
        first, _ = numbers_of(self.card, split)
        stem = "FLIR_video_" if split.startswith("video") else "FLIR_"
        return (f"{stem}{first - 1 + number:05d}" for number in numbers)

    def fake_pixels(self, scene: RenderedScene, role: str, layout: TemplatedLayout) -> NDArray[Any]:
        """Keep the raw thermal picture within 14 bits, and let the RGB camera have a size of its own."""
        pixels = super().fake_pixels(scene, role, layout)
        if role == "rgb":
            return pixels.repeat(2, axis=0).repeat(2, axis=1)
        return pixels >> 2 if role == "lwir_raw" else pixels

    def fake_listed(self, files: Mapping[str, str]) -> str:
        """Return the name under which version 1.3 lists a sample: its thermal file's, with the folder."""
        return files["lwir"].partition("/")[2]

    def fake_file(self, path: Path, role: str, samples: Sequence[FakeSample], layout: TemplatedLayout) -> None:
        """Write annotations with ids that follow the order of the card in nothing."""
        from rgbtbench.formats.write_boxes import write_flir_annotation, write_flir_categories

        if layout.name != "official" or role not in ("classes", *self.card.label_sets):
            super().fake_file(path, role, samples, layout)
        elif role == "classes":
            write_flir_categories(path, _FAKE_IDS)
        else:
            write_flir_annotation(path, boxes=self.fake_boxes(samples[0], "boxes"), ids=_FAKE_IDS)


SOURCE = FLIRADAS()
