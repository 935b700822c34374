"""DeLiVER (Zhang et al., CVPR 2023): a simulated drive with depth, events and laser, in all weathers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.cards.schema import AttributeValue
from rgbtbench.datasets.templates import TemplatedLayout, TemplatedSource, template
from rgbtbench.formats.colour_mask import read_channel_mask
from rgbtbench.formats.index_mask import require_known_ids
from rgbtbench.labels import LabelMap
from rgbtbench.pair import Entry, Mask

if TYPE_CHECKING:
    from rgbtbench.synthesis.render import RenderedScene

_CASES = ("motionblur", "underexposure", "overexposure", "lidarjitter", "eventlowres")
#: Role to the folder and the word in the file's name; the surface encoding of depth is called depth too.
_FOLDERS = {
    "rgb": ("img", "rgb"),
    "depth": ("depth", "depth"),
    "hha": ("hha", "depth"),
    "lidar": ("lidar", "lidar"),
    "event": ("event", "event"),
    "semantic": ("semantic", "semantic"),
}


class DeLiVER(TemplatedSource):
    """Weather and split are folders; a failure of a sensor is part of the name of the scene's folder."""

    name = "deliver"
    stem = re.compile(r"(?P<weather>cloud|fog|night|rain|sun)/(?P<scene>MAP_[0-9]+_point[0-9]+\w*)/(?P<frame>[0-9]+)")
    layouts = (
        template(
            "official",
            {
                role: f"{folder}/{{weather}}/{{split}}/{{scene}}/{{frame}}_{word}_front.png"
                for role, (folder, word) in _FOLDERS.items()
            },
            splits={split: split for split in ("train", "val", "test")},
        ),
    )
    #: Events come at a lower resolution in some places.
    one_size = ("rgb", "depth", "hha", "lidar")

    def attributes(self, split: str, stem: str) -> Mapping[str, AttributeValue]:
        """Weather, and which sensor fails."""
        weather, scene, _ = stem.split("/")
        return {"weather": weather, "case": next((case for case in _CASES if case in scene.lower()), "clean")}

    def cluster(self, split: str, stem: str) -> str:
        """Return the scene: one point of one map."""
        return stem.split("/")[1]

    def samples(self, root: Path, table: TemplatedLayout, split: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield the frames that any of the folders holds, by weather, scene and number."""
        found: set[str] = set()
        for folder, word in _FOLDERS.values():
            for path in root.glob(f"{folder}/*/{split}/*/*_{word}_front.png"):
                weather, _, scene, name = path.parts[-4:]
                found.add(f"{weather}/{scene}/{name.removesuffix(f'_{word}_front.png')}")
        for stem in self.in_order(root, found):
            yield stem, self.paths(table, split, stem)

    def read_label(self, root: Path, relative: str, entry: Entry, facts: LabelSetFacts) -> Mask:
        """Return the red channel of the label picture, which is the raw id."""
        mask = read_channel_mask(root, relative, channel=0, frame=facts.frame)
        require_known_ids(mask, LabelMap.of(facts), path=root / relative, card=self.name)
        return mask

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Every second scene suffers from motion blur."""
        for number in numbers:
            weather, failure = (("cloud", ""), ("sun", "_motionblur"))[number % 2]
            yield f"{weather}/MAP_9_point{number}{failure}/{5 * number:06d}"

    def fake_pixels(self, scene: RenderedScene, role: str, layout: TemplatedLayout) -> NDArray[Any]:
        """Ids in the red channel; events at half the resolution."""
        pixels = super().fake_pixels(scene, role, layout)
        if role == "semantic":
            return np.dstack([pixels, 255 - pixels, pixels // 2])
        return np.ascontiguousarray(pixels[::2, ::2]) if role == "event" else pixels


SOURCE = DeLiVER()
