"""KP (Kim et al., RA-L 2021): frames of the KAIST pedestrian videos with masks of Cityscapes' 19 classes.

Images keep KAIST's names: set, video and frame. Splits are lists (CRM), or the folders of day and night (MS-UDA).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rgbtbench.cards.schema import AttributeValue
from rgbtbench.datasets.templates import TemplatedSource, template

_DAY_SETS = {"set00", "set01", "set02", "set06", "set07", "set08"}
_NIGHT_SETS = {"set03", "set04", "set05", "set09", "set10", "set11"}


class KP(TemplatedSource):
    """Lists and folders name the label files; an id is such a name without its ending."""

    name = "kp"
    stem = re.compile(r"(?P<set>set[0-9]{2})_(?P<video>V[0-9]{3})_(?P<frame>I[0-9]{5})\.png")
    layouts = (
        template(
            "official",
            {
                "rgb": "images/{set}/{video}/visible/{frame}.jpg",
                "lwir": "images/{set}/{video}/lwir/{frame}.jpg",
                "semantic": "labels/{stem}",
            },
            splits={split: split for split in ("train", "val", "test")},
            lists="{split}.txt",
        ),
        template(
            "ms-uda",
            {
                "rgb": "pseudo_KP/{split}/{set}_{video}_visible_{frame}.png",
                "lwir": "pseudo_KP/{split}/{set}_{video}_lwir_{frame}.png",
                "semantic": "labels/{split}/{stem}",
            },
            splits={"day": "val_day", "night": "val_night"},
        ),
    )

    def official_id(self, split: str, stem: str) -> str:
        """Return set, video and frame."""
        return stem.removesuffix(".png")

    def attributes(self, split: str, stem: str) -> Mapping[str, AttributeValue]:
        """KAIST recorded each of its twelve sets by day or at night."""
        recorded = stem.partition("_")[0]
        return {"time_of_day": "day" if recorded in _DAY_SETS else "night" if recorded in _NIGHT_SETS else None}

    def cluster(self, split: str, stem: str) -> str:
        """Return set and video."""
        return stem.rpartition("_")[0]

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Day and night take turns; no video of KAIST has such a number."""
        return (f"set{(3, 0)[number % 2]:02d}_V90{number % 2}_I{number:05d}.png" for number in numbers)


SOURCE = KP()
