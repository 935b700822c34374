"""RoadScene (Xu et al., AAAI 2020): aligned RGB and thermal pairs cut out of FLIR's frames, without labels."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rgbtbench.datasets.templates import TemplatedSource, template


class RoadScene(TemplatedSource):
    """The folders decide what there is; every pair has a size of its own."""

    name = "roadscene"
    stem = re.compile(r"FLIR_(video_)?[0-9]{5}")
    layouts = (
        template(
            "official",
            {"rgb": "crop_LR_visible/{stem}.jpg", "lwir": "cropinfrared/{stem}.jpg"},
            splits={"train": "all"},
        ),
    )

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Frames, every third one of the video."""
        return (f"FLIR_{'' if number % 3 else 'video_'}{number:05d}" for number in numbers)


SOURCE = RoadScene()
