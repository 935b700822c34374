"""MFNet (Ha et al., IROS 2017): registered RGB and thermal street images with index labels.

The official file of a pair is one PNG whose fourth channel is the thermal image; repacks store two files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count, islice
from pathlib import Path

import numpy as np

from rgbtbench.cards import dataset_card
from rgbtbench.datasets.source import Layout
from rgbtbench.errors import LayoutError
from rgbtbench.formats.id_list import read_id_list
from rgbtbench.formats.image_file import read_image_file
from rgbtbench.formats.index_mask import read_index_mask, require_known_ids
from rgbtbench.formats.paths import require_twins
from rgbtbench.formats.registration import require_one_size
from rgbtbench.formats.rgba_png import split_fourth_channel
from rgbtbench.formats.write_image import write_image
from rgbtbench.labels import LabelMap
from rgbtbench.pair import Entry, Pair, key_of

#: Consecutive frames are alike; results are resampled in blocks of this many file numbers (see the card).
FRAMES_PER_CLUSTER = 20

_STEM = re.compile(r"[0-9]{5}[DN](_flip)?")
_TIME_OF_DAY = {"D": "day", "N": "night"}
#: Role of a file to its path, by layout. `rgbt` is the official four-channel file.
_FILES = {
    "official": {"rgbt": "images/{}.png", "semantic": "labels/{}.png"},
    "separated": {
        "rgb": "seperated_images/{}_rgb.png",  # the spelling is theirs
        "lwir": "seperated_images/{}_th.png",
        "semantic": "labels/{}.png",
    },
    "mrfs": {"rgb": "visible/{}.png", "lwir": "infrared/{}.png", "semantic": "label/{}.png"},
    "cmx": {"rgb": "RGB/{}.png", "lwir": "Modal/{}.png", "semantic": "Label/{}.png"},
    "cmnext": {"rgb": "rgb/{}.jpg", "lwir": "ther/{}.jpg", "semantic": "labels/{}.png"},
}


def _layout(name: str) -> Layout:
    folders = dict.fromkeys(path.split("/")[0] for path in _FILES[name].values())
    files = ", ".join(path.format("<stem>") for path in _FILES[name].values())
    return Layout(name, tuple(folders), f"{files} and the lists train.txt, val.txt, test.txt")


class MFNet:
    """Splits come from the lists; mirrored copies that the official lists name are left out."""

    name = "mfnet"
    layouts = tuple(map(_layout, _FILES))

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the samples of every list that is there, in its order; raises `InputFileError`, `LayoutError`."""
        lists = [
            split for split in dataset_card(self.name).editions["official"].splits if (root / f"{split}.txt").exists()
        ]
        if not lists:
            raise LayoutError(
                "no list names the samples",
                expected="train.txt, val.txt or test.txt",
                path=root,
                remedy="copy the official lists beside the folders",
            )
        for split in lists:
            stems = [stem for stem in read_id_list(root, f"{split}.txt", pattern=_STEM) if not stem.endswith("_flip")]
            for order, stem in enumerate(stems):
                yield Entry(
                    key=key_of(stem),
                    official_id=stem,
                    split=split,
                    order=order,
                    files={role: path.format(stem) for role, path in _FILES[layout.name].items()},
                    attributes={"time_of_day": _TIME_OF_DAY[stem[-1]]},
                    cluster=f"{stem[-1]}{int(stem[:5]) // FRAMES_PER_CLUSTER:03d}",
                )

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one sample; the four-channel file is split without loss. Raises `InputFileError`, `LabelError`."""
        require_twins(root, entry.files)
        if "rgbt" in entry.files:
            rgb, lwir = split_fourth_channel(root, entry.files["rgbt"])
        else:
            rgb, lwir = (read_image_file(root, entry.files[modality]) for modality in ("rgb", "lwir"))
        mask = read_index_mask(root, entry.files["semantic"], kind="semantic", frame="both")
        known = LabelMap.of(dataset_card(self.name).label_sets["semantic"])
        require_known_ids(mask, known, path=root / mask.source, card=self.name)
        require_one_size(root, rgb, lwir, mask)
        return Pair(self.name, entry, {"rgb": rgb, "lwir": lwir}, {"semantic": mask}, entry.attributes)

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write rendered scenes of 160x120 pixels in `layout`; day and night take turns."""
        from rgbtbench.datasets.fakes import native_mask
        from rgbtbench.synthesis.render import render

        facts = dataset_card(self.name).label_sets["semantic"]
        numbers = count(1)
        for split, samples in counts.items():
            stems = [f"{number:05d}{'DN'[number % 2]}" for number in islice(numbers, samples)]
            (root / f"{split}.txt").write_text("".join(f"{stem}\n" for stem in stems))
            for stem in stems:
                scene = render(seed, int(stem[:5]), width=160, height=120)
                pixels = {
                    "rgb": scene.rgb,
                    "lwir": scene.lwir,
                    "rgbt": np.dstack([scene.rgb, scene.lwir]),
                    "semantic": native_mask(scene, facts, other=0),
                }
                for role, path in _FILES[layout.name].items():
                    write_image(root / path.format(stem), pixels[role])


SOURCE = MFNet()
