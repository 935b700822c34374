"""MS2 (Shin et al., CVPR 2023): stereo pairs of colour, near-infrared and 16-bit thermal cameras on a car, not aligned.

Only the images of `sync_data` are read. `calib.npy` is a pickle and never opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rgbtbench.datasets.roles import RoleSource
from rgbtbench.datasets.source import Layout
from rgbtbench.errors import InputFileError, LayoutError
from rgbtbench.formats.folder import stems_of
from rgbtbench.formats.id_list import read_id_list
from rgbtbench.formats.paths import is_there
from rgbtbench.formats.write_image import write_image
from rgbtbench.pair import Entry, key_of

_SPLITS = ("train", "val", "test_day", "test_night", "test_rainy")
_LIST = "{split}_list.txt"
_SEQUENCE = re.compile(r"_[0-9]{4}(?:-[0-9]{2}){5}")
_FRAME = re.compile(r"[0-9]{6}")
_SIDES = {"": "img_left", "_right": "img_right"}
#: Modality to path; their `thr` is our `lwir`.
_FILES: Final = {
    f"{ours}{side}": f"sync_data/{{sequence}}/{theirs}/{folder}/{{stem}}.png"
    for side, folder in _SIDES.items()
    for ours, theirs in (("rgb", "rgb"), ("nir", "nir"), ("lwir", "thr"))
}

#: An eighth of the cameras' own.
_FAKE_SIZES: Final = {"rgb": (153, 48), "nir": (160, 44), "lwir": (80, 32)}


class MS2(RoleSource):
    """Lists name the sequences of a split; a frame has one number in all six folders."""

    name = "ms2"
    layouts = (
        Layout(
            "official",
            tuple(path.format(sequence="*", stem="*").removesuffix("/*.png") for path in _FILES.values()),
            "sync_data/<sequence>/{rgb,nir,thr}/{img_left,img_right}/<frame>.png and the lists of sequences "
            + ", ".join(_LIST.format(split=split) for split in _SPLITS),
        ),
    )

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the frames of every split of which a sequence is there; raises `InputFileError`, `LayoutError`."""
        found = False
        for split in _SPLITS:
            frames = ((sequence, frame) for sequence in _sequences(root, split) for frame in _frames(root, sequence))
            for order, (sequence, frame) in enumerate(frames):
                found = True
                official_id = f"{sequence}/{frame}"
                yield Entry(
                    key=key_of(official_id),
                    official_id=official_id,
                    split=split,
                    order=order,
                    files={role: path.format(sequence=sequence, stem=frame) for role, path in _FILES.items()},
                    attributes={"condition": split.partition("_")[2] or None, "hour": int(sequence.split("-")[3])},
                    cluster=sequence,
                )
        if not found:
            raise LayoutError(
                "no list names a sequence that is there",
                expected=", ".join(_LIST.format(split=split) for split in _SPLITS),
                path=root,
                remedy="copy the official lists beside the folder sync_data",
            )

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write one sequence for each split; every camera sees its part of a scene, a right one from further right."""
        from rgbtbench.datasets.fakes import pixels_of, rendered

        root.mkdir(parents=True, exist_ok=True)
        for number, split in enumerate(_SPLITS):
            frames = range(11, 11 + counts.get(split, 0))
            if not frames:
                continue
            sequence = f"_2001-01-01-{10 + number}-00-00"
            (root / _LIST.format(split=split)).write_text(f"{sequence}\r\n", newline="")
            for frame in frames:
                scene = rendered(seed, 100 * number + frame, width=164, height=48)
                for role, path in _FILES.items():
                    width, height = _FAKE_SIZES[role.partition("_")[0]]
                    left = 4 if role.endswith("_right") else 0
                    pixels = pixels_of(scene, role, self.card)[:height, left : left + width]
                    write_image(root / path.format(sequence=sequence, stem=f"{frame:06d}"), pixels)


def _sequences(root: Path, split: str) -> list[str]:
    """Return the sequences of a split; none when the list or the folders of all that it names are missing."""
    where = _LIST.format(split=split)
    if not is_there(root, where):
        return []
    named = read_id_list(root, where, pattern=_SEQUENCE)
    missing = [sequence for sequence in named if not is_there(root, f"sync_data/{sequence}")]
    if missing and len(missing) < len(named):
        raise InputFileError(
            f"names {len(named)} sequences, of which {', '.join(missing)} is not in sync_data",
            path=root / where,
            remedy="download it, or take it out of the list to do without",
        )
    return [] if missing else named


def _frames(root: Path, sequence: str) -> list[str]:
    templates = [path.replace("{sequence}", sequence) for path in _FILES.values()]
    return stems_of(root, templates, pattern=_FRAME)


SOURCE = MS2()
