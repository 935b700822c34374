"""PST900 (Shivakumar et al., ICRA 2020): underground scenes, thermal images projected into the colour camera.

Repacks for segmentation hold the two 8-bit cameras only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from rgbtbench.cards.schema import AttributeValue
from rgbtbench.datasets.templates import TemplatedLayout, TemplatedSource, template

if TYPE_CHECKING:
    from rgbtbench.synthesis.render import RenderedScene

_SPLITS = {"train": "train", "test": "test"}
_FOLDERS = {"rgb": "rgb", "lwir": "thermal", "lwir_raw": "thermal_raw", "depth": "depth", "semantic": "labels"}
_BORDER = 8
_EIGHT_BIT = ("rgb", "lwir", "semantic")


def _official(name: str, below: str = "") -> TemplatedLayout:
    files = {role: f"{below}{{split}}/{folder}/{{stem}}.png" for role, folder in _FOLDERS.items()}
    return template(name, files, splits=_SPLITS)


def _flat(name: str, suffix: str = "") -> TemplatedLayout:
    files = {role: f"{_FOLDERS[role]}{suffix}/{{stem}}.png" for role in _EIGHT_BIT}
    return template(name, files, splits=_SPLITS, lists="{split}.txt")


class PST900(TemplatedSource):
    """Folders decide what a split holds, in flat repacks lists do; the recording that a name states is the cluster."""

    name = "pst900"
    stem = re.compile(r"[A-Za-z0-9_]+_rect_rgb_frame[0-9]+")
    layouts = (
        _official("official"),
        _official("doubled", "PST900_RGBT_Dataset/"),
        _flat("flat"),
        _flat("sigma", "_resize"),
    )

    def attributes(self, split: str, stem: str) -> Mapping[str, AttributeValue]:
        """Return the recording that the frame comes from, such as `58_bag21`."""
        return {"recording": self.cluster(split, stem)}

    def cluster(self, split: str, stem: str) -> str:
        """Return the recording."""
        return stem.partition("_rect_")[0]

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Two frames of each recording; no official recording has a three-digit number."""
        return (f"{900 + number // 2}_bag{number // 2}a_rect_rgb_frame{number:010d}" for number in numbers)

    def fake_pixels(self, scene: RenderedScene, role: str, layout: TemplatedLayout) -> NDArray[Any]:
        """Leave a border of the thermal images empty, as the projection into the colour camera does."""
        pixels = super().fake_pixels(scene, role, layout)
        if role.startswith("lwir"):
            pixels = pixels.copy()
            pixels[:, :_BORDER] = 0
        return pixels


SOURCE = PST900()
