"""VI-RGBT1500 (Song et al., 2023): RGB-T pairs under three kinds of illumination, a test set for saliency."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rgbtbench.datasets.saliency_folders import SaliencyFolders, saliency_layout

_TEST = {"test": "test"}


class VIRGBT1500(SaliencyFolders):
    """One flat test set; which illumination a sample has is published as a separate download."""

    name = "vi_rgbt1500"
    stem = re.compile(r"[1-9][0-9]{0,3}")
    layouts = (
        saliency_layout("official", thermal="jpg", truth="png", splits=_TEST),
        saliency_layout("jpg-truth", thermal="jpg", truth="jpg", splits=_TEST),
    )

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Numbers from 1."""
        return map(str, numbers)


SOURCE = VIRGBT1500()
