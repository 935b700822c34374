"""M3FD (Liu et al., CVPR 2022): registered RGB and thermal scenes with boxes of six classes.

The release has no split: lists that a user puts beside the folders decide, and without any our split by scenes does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from rgbtbench.cards.schema import AttributeValue
from rgbtbench.datasets.box_templates import BoxSource
from rgbtbench.datasets.id_ranges import run_of
from rgbtbench.datasets.templates import TemplatedLayout, template
from rgbtbench.errors import InputFileError
from rgbtbench.formats.id_list import read_id_list
from rgbtbench.formats.paths import is_there

#: Scenes, scenarios and the split by scenes, in `datasets_cards`.
_SCENES = "m3fd_scenes"
_SPLITS = {split: split for split in ("train", "val", "test")}
#: Where lists lie: beside the folders, or where TarDAL's code looks for them.
_LISTED = re.compile(r"[0-9]{5}(\.png)?")
_LISTS = ("{split}.txt", "meta/{split}.txt")


class M3FD(BoxSource):
    """Lists decide what a split holds, or the table of scenes does; in the COCO repack its instances files do."""

    name = "m3fd"
    stem = re.compile(r"[0-9]{5}")
    layouts = (
        template(
            "official",
            {"rgb": "Vis/{stem}.png", "lwir": "Ir/{stem}.png", "boxes": "Annotation/{stem}.xml"},
            splits=_SPLITS,
        ),
        template(
            "tardal",
            {"rgb": "vi/{stem}.png", "lwir": "ir/{stem}.png", "tardal": "labels/{stem}.txt"},
            splits=_SPLITS,
        ),
        template(
            "damsdet",
            {
                "rgb": "{split}_vis_img/{file}",
                "lwir": "{split}_ir_img/{file}",
                "boxes": "annotations/m3fd_{split}_new.json",
            },
            splits={"train": "train", "test": "val"},
        ),
    )

    def attributes(self, split: str, stem: str) -> Mapping[str, AttributeValue]:
        """Return the scenario where a list names one."""
        return {"scenario": self._scene(stem).get("scenario") or None}

    def cluster(self, split: str, stem: str) -> str | None:
        """Return the scene."""
        return self._scene(stem).get("scene")

    def samples(self, root: Path, table: TemplatedLayout, split: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield stem and files of each sample of a split."""
        if table.name == "damsdet":
            yield from super().samples(root, table, split)
            return
        for stem in self._listed(root, split) if self._places(root) else self._of_scenes(root, table, split):
            yield stem, self.paths(table, split, stem)

    def _places(self, root: Path) -> list[str]:
        return [place for place in _LISTS if any(is_there(root, place.format(split=split)) for split in _SPLITS)]

    def _listed(self, root: Path, split: str) -> list[str]:
        where = self._places(root)[0].format(split=split)
        names = read_id_list(root, where, pattern=_LISTED) if is_there(root, where) else []
        return [name[:5] for name in names]

    def _of_scenes(self, root: Path, table: TemplatedLayout, split: str) -> Iterator[str]:
        for stem in self._stems(root, table, split):
            if not self._scene(stem):
                raise InputFileError(
                    f"image {stem} is of no known scene",
                    expected="numbers 00000 to 04199",
                    path=root,
                    remedy="remove it, or name the images of each split in train.txt, val.txt and test.txt",
                )
            if self._scene(stem)["split"] == split:
                yield stem

    def _scene(self, stem: str) -> Mapping[str, str]:
        return run_of(_SCENES, int(stem)) or {}

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Take numbers of the split's scenes."""
        return (stem for stem in map("{:05d}".format, numbers) if self._scene(stem).get("split") == split)

    def fake_names(self, stem: str) -> Mapping[str, str]:
        """Return the name that instances files write."""
        return {"file": f"{stem}.png"}


SOURCE = M3FD()
