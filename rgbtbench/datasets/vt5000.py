"""VT5000 (Tu et al., 2023): registered RGB-T pairs for salient object detection, two halves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rgbtbench.datasets.saliency_folders import SaliencyFolders, saliency_layout

_SPLITS = {"train": "Train", "test": "Test"}


class VT5000(SaliencyFolders):
    """The folders decide the split; both count from 0, so that an id names its folder."""

    name = "vt5000"
    stem = re.compile(r"[0-9]{1,4}")
    layouts = (
        saliency_layout("official", thermal="jpg", truth="png", splits=_SPLITS, folder="{split}/"),
        saliency_layout("jpg-truth", thermal="jpg", truth="jpg", splits=_SPLITS, folder="{split}/"),
    )

    def official_id(self, split: str, stem: str) -> str:
        """Return folder and stem."""
        return f"{_SPLITS[split]}/{stem}"

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Each folder counts from 0."""
        return (str(position) for position, _ in enumerate(numbers))


SOURCE = VT5000()
