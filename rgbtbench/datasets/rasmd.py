"""RASMD (Jin et al., 2025): colour and short-wave infrared images from a car. Its official layout is not verified.

A tree says by `layout.yaml` where its files lie. Pairs without labels are also found in the folders that a third party
names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rgbtbench.datasets.described import DescribedSource, described
from rgbtbench.datasets.roles import RoleSource
from rgbtbench.datasets.source import Layout
from rgbtbench.formats.folder import natural_order, stems_of
from rgbtbench.formats.write_image import write_image
from rgbtbench.pair import Entry, key_of

EXAMPLE: Final = """\
modalities:
  rgb: images/rgb/{split}/{stem}.jpg
  swir: images/swir/{split}/{stem}.jpg
labels:
  boxes:
    files: labels/{split}/{stem}.txt
    classes: {0: person, 1: bicycle, 2: car, 3: motorcycle, 4: bus, 5: truck}
splits: {train: train, test: test}
"""
_PAIRS: Final = "pairs"
_FRAME = re.compile(r"[0-9]+")
_FILES: Final = {
    "rgb": "{scene}/croped_data/rgb/rgb_aligned_{stem}.jpg",  # the spelling is theirs
    "swir": "{scene}/croped_data/swir/swir_original_{stem}.jpg",
}


class _Scenes(RoleSource):
    """A folder for each weather, in it one for each recording."""

    name = "rasmd"
    layouts = (
        Layout(
            "scenes",
            ("*/*/croped_data/rgb", "*/*/croped_data/swir"),
            "<n>_<weather>/<recording>/croped_data with rgb/rgb_aligned_<frame>.jpg, swir/swir_original_<frame>.jpg",
        ),
    )

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the frames of all recordings; raises `InputFileError`."""
        folders = {folder.parent.parent for name in ("rgb", "swir") for folder in root.glob(f"*/*/croped_data/{name}")}
        scenes = sorted({f"{folder.parent.name}/{folder.name}" for folder in folders}, key=natural_order)
        frames = ((scene, frame) for scene in scenes for frame in _frames(root, scene))
        for order, (scene, frame) in enumerate(frames):
            official_id = f"{scene}/{frame}"
            yield Entry(
                key=key_of(official_id),
                official_id=official_id,
                split=_PAIRS,
                order=order,
                files={role: path.format(scene=scene, stem=frame) for role, path in _FILES.items()},
                attributes={"weather": scene.partition("/")[0].partition("_")[2] or None},
                cluster=scene,
            )

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write two frames a recording."""
        from rgbtbench.datasets.fakes import pixels_of
        from rgbtbench.synthesis.render import render

        for number in range(counts.get(_PAIRS, 0)):
            scene = render(seed, number, width=160, height=120)
            place = {"scene": f"{number // 2 + 1}_rendered/data_1_street", "stem": f"{number:06d}"}
            for role, path in _FILES.items():
                write_image(root / path.format(**place), pixels_of(scene, role, self.card))


class RASMD(DescribedSource):
    """A described tree, or one of scenes."""

    name = "rasmd"
    own = _Scenes()
    layouts = (described(EXAMPLE), *own.layouts)


def _frames(root: Path, scene: str) -> list[str]:
    return stems_of(root, [path.replace("{scene}", scene) for path in _FILES.values()], pattern=_FRAME)


SOURCE = RASMD()
