"""FMB (Liu et al., ICCV 2023): registered RGB and thermal street scenes at all times of day."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rgbtbench.datasets.templates import TemplatedSource, template

_SPLITS = {"train": "train", "test": "test"}
_FILES = {"rgb": "Visible/{stem}.png", "lwir": "Infrared/{stem}.png", "semantic": "Label/{stem}.png"}


class FMB(TemplatedSource):
    """Labels are the ids in `Label`; the pictures in `color` show the same and are not read."""

    name = "fmb"
    stem = re.compile(r"[0-9]{5}")
    layouts = (
        template("official", {role: f"{{split}}/{path}" for role, path in _FILES.items()}, splits=_SPLITS),
        template("flat", _FILES, splits=_SPLITS, lists="{split}.txt"),
    )

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Numbers above those of the 1,500 official pairs."""
        return (f"{90000 + number:05d}" for number in numbers)


SOURCE = FMB()
