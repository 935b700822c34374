"""VT821 (Li et al., 2017): RGB-T pairs aligned by hand for salient object detection, a test set."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rgbtbench.datasets.saliency_folders import SaliencyFolders, saliency_layout

_TEST = {"test": "test"}


class VT821(SaliencyFolders):
    """One flat test set; ground truth circulates as JPEG and as PNG, thermal images in `T` and in `thermal`."""

    name = "vt821"
    stem = re.compile(r"[1-9][0-9]{0,2}")
    layouts = (
        saliency_layout("official", thermal="jpg", truth="jpg", splits=_TEST),
        saliency_layout("png-truth", thermal="jpg", truth="png", splits=_TEST),
        saliency_layout("thermal", thermal="jpg", truth="jpg", splits=_TEST, thermal_folder="thermal"),
        saliency_layout("thermal-png-truth", thermal="jpg", truth="png", splits=_TEST, thermal_folder="thermal"),
    )

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Numbers with gaps, as in the release."""
        return (str(2 * number) for number in numbers)


SOURCE = VT821()
