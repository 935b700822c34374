"""MFNet (Ha et al., IROS 2017): registered RGB and thermal street images with index labels.

The official file of a pair is one PNG whose fourth channel is the thermal image; repacks store two files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.schema import AttributeValue
from rgbtbench.datasets.source import Layout
from rgbtbench.datasets.templates import TemplatedLayout, TemplatedSource, template
from rgbtbench.formats.paths import require_twins
from rgbtbench.formats.registration import require_one_size
from rgbtbench.formats.rgba_png import split_fourth_channel
from rgbtbench.pair import Entry, Pair

if TYPE_CHECKING:
    from rgbtbench.synthesis.render import RenderedScene

#: Consecutive frames are alike; results are resampled in blocks of this many file numbers (see the card).
FRAMES_PER_CLUSTER = 20

_TIME_OF_DAY = {"D": "day", "N": "night"}


_SPLITS = {split: split for split in ("train", "val", "test")}


def _layout(name: str, **files: str) -> TemplatedLayout:
    return template(name, files, splits=_SPLITS, lists="{split}.txt")


class MFNet(TemplatedSource):
    """Splits come from lists, or from HAPNet's folders; mirrored copies that the official lists name are left out."""

    name = "mfnet"
    stem = re.compile(r"[0-9]{5}[DN](_flip)?")
    layouts: tuple[TemplatedLayout, ...] = (
        template(
            "official",
            {"rgbt": "images/{stem}.png", "semantic": "labels/{stem}.png"},  # four channels
            splits=_SPLITS,
            lists="{split}.txt",
            marks=("images/*.png",),
        ),
        _layout(
            "separated",
            rgb="seperated_images/{stem}_rgb.png",  # the spelling is theirs
            lwir="seperated_images/{stem}_th.png",
            semantic="labels/{stem}.png",
        ),
        _layout("mrfs", rgb="visible/{stem}.png", lwir="infrared/{stem}.png", semantic="label/{stem}.png"),
        template(
            "cmx",
            {"rgb": "RGB/{stem}.png", "lwir": "Modal/{stem}.png", "semantic": "Label/{stem}.png"},
            splits={**_SPLITS, "trainval": "train2"},
            lists="{split}.txt",
        ),
        _layout("cmnext", rgb="rgb/{stem}.jpg", lwir="ther/{stem}.jpg", semantic="labels/{stem}.png"),
        template(
            "hapnet",
            {
                "rgb": "images/{split}/{stem}_rgb.png",
                "lwir": "thermal/{split}/{stem}_th.png",
                "semantic": "labels/{split}/{stem}.png",
            },
            splits=_SPLITS,
        ),
    )

    def keeps(self, stem: str) -> bool:
        """Leave out mirrored copies, which exist only after the release's own script has run."""
        return not stem.endswith("_flip")

    def attributes(self, split: str, stem: str) -> Mapping[str, AttributeValue]:
        """Day or night is the last letter."""
        return {"time_of_day": _TIME_OF_DAY[stem[-1]]}

    def cluster(self, split: str, stem: str) -> str:
        """Return the block of neighbouring frames, day and night apart."""
        return f"{stem[-1]}{int(stem[:5]) // FRAMES_PER_CLUSTER:03d}"

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one sample; the four-channel file is split without loss. Raises `InputFileError`, `LabelError`."""
        if "rgbt" not in entry.files:
            return super().pair(root, layout, entry)
        require_twins(root, entry.files)
        rgb, lwir = split_fourth_channel(root, entry.files["rgbt"])
        mask = self.read_semantic(root, entry.files["semantic"], self.card.label_sets["semantic"])
        require_one_size(root, rgb, lwir, mask)
        return Pair(self.name, entry, {"rgb": rgb, "lwir": lwir}, {"semantic": mask}, entry.attributes)

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Day and night take turns."""
        return (f"{number:05d}{'DN'[number % 2]}" for number in numbers)

    def fake_pixels(self, scene: RenderedScene, role: str, layout: TemplatedLayout) -> NDArray[Any]:
        """Put the thermal picture into the fourth channel of the official file."""
        return np.dstack([scene.rgb, scene.lwir]) if role == "rgbt" else super().fake_pixels(scene, role, layout)


SOURCE = MFNet()
