"""ZJU-RGB-P (Xiang et al., Optics Express 2021): campus scenes behind a polariser at four angles.

`rgb` is the image at 0 degrees in every layout, as the published code bases take it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.datasets.templates import TemplatedLayout, TemplatedSource, template
from rgbtbench.formats.colour_mask import palette_of, read_colour_mask
from rgbtbench.formats.image_header import probe
from rgbtbench.formats.paths import read_bytes, resolve_inside
from rgbtbench.pair import Entry, Mask

if TYPE_CHECKING:
    from rgbtbench.synthesis.render import RenderedScene

_SPLITS = {"train": "train", "test": "val"}
_ANGLES = {"rgb": "0", "polarisation_45": "45", "polarisation_90": "90", "polarisation_135": "135"}


class ZJURGBP(TemplatedSource):
    """The split that papers evaluate on is called val in the files and test here."""

    name = "zju_rgbp"
    stem = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
    layouts = (
        template(
            "official",
            {
                **{modality: f"{{split}}/{angle}/{{stem}}_{angle}.png" for modality, angle in _ANGLES.items()},
                "semantic": "{split}/{split}_label/{stem}.png",
            },
            splits=_SPLITS,
        ),
        template(
            "roadformer",
            {
                "rgb": "{split}/0/{stem}_image0_0.png",
                "aolp": "{split}/aolp2/{stem}_aolp.png",
                "semantic": "{split}/label/{stem}_image0.png",
            },
            splits=_SPLITS,
        ),
    )

    def read_label(self, root: Path, relative: str, entry: Entry, facts: LabelSetFacts) -> Mask:
        """Return the classes of a label picture, or of an index PNG where a copy holds ids."""
        if probe(read_bytes(root, relative), path=resolve_inside(root, relative)).channels == 1:
            return self.read_semantic(root, relative, facts)
        return read_colour_mask(root, relative, palette=palette_of(facts), frame=facts.frame)

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Numbers."""
        return map(str, numbers)

    def fake_pixels(self, scene: RenderedScene, role: str, layout: TemplatedLayout) -> NDArray[Any]:
        """Labels in the card's colours; the polariser darkens the picture as it turns."""
        pixels = super().fake_pixels(scene, role, layout)
        if role == "semantic":
            colours = np.zeros((256, 3), np.uint8)
            for colour, number in palette_of(self.card.label_sets["semantic"]).items():
                colours[number] = colour
            return np.asarray(colours[pixels])
        angle = role.rpartition("_")[2]
        turned = int(angle) // 45 if angle.isdigit() else 0
        return np.asarray(pixels - pixels // 8 * turned, np.uint8)


SOURCE = ZJURGBP()
