"""VT1000 (Tu et al., 2020): registered RGB-T pairs for salient object detection, today a test set."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rgbtbench.datasets.saliency_folders import SaliencyFolders, saliency_layout

_TEST = {"test": "test"}


class VT1000(SaliencyFolders):
    """One flat test set; thermal images circulate as JPEG and as BMP, ground truth as JPEG and as PNG."""

    name = "vt1000"
    stem = re.compile(r"0[0-9]{1,4}")
    layouts = (
        saliency_layout("official", thermal="jpg", truth="jpg", splits=_TEST),
        saliency_layout("bmp", thermal="bmp", truth="jpg", splits=_TEST),
        saliency_layout("png-truth", thermal="jpg", truth="png", splits=_TEST),
        saliency_layout("bmp-png-truth", thermal="bmp", truth="png", splits=_TEST),
    )

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """A zero before the number, as in the release."""
        return (f"0{number}" for number in numbers)


SOURCE = VT1000()
