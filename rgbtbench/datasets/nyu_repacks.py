"""Copies of NYU Depth V2 as pictures: which files they have, and from where their lists count frames."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rgbtbench.errors import InputFileError
from rgbtbench.formats.id_list import read_id_list
from rgbtbench.formats.paths import is_there

FRAMES: Final = 1449


@dataclass(frozen=True, slots=True)
class Repack:
    """One family of copies.

    Attributes:
        tree: the layout in a few words.
        files: role to path, with `{}` for the frame.
        lists: our name of a split to where its list may lie; the first that is there counts.
        line: what a line of a list looks like; its group `stem` is the frame.
        written: a line as the family writes it, with `{}` for the frame.
    """

    tree: str
    files: Mapping[str, str]
    lists: Mapping[str, Sequence[str]]
    line: re.Pattern[str]
    written: str

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders that tell the family."""
        return tuple(path.partition("/")[0] for path in self.files.values())

    def stems(self, root: Path, split: str) -> list[str]:
        """Return the frames of a split as its list names them, none without a list; raises `InputFileError`."""
        there = next((path for path in self.lists[split] if is_there(root, path)), None)
        lines = [] if there is None else read_id_list(root, there, pattern=self.line)
        return [found["stem"] for found in map(self.line.fullmatch, lines) if found]


#: Bare numbers (CMX, Sigma), or the picture and its label (DFormer).
_NUMBERS: Final = re.compile(
    r"(?:RGB/)?(?P<stem>[0-9]{1,4})(?:\.jpg)?(?:\s+(?:Label|HHA|Depth)/(?P=stem)\.(?:png|jpg))*"
)
#: Sigma's lists lie beside DFormer's, from which they are made.
_LISTS: Final = {"train": ("train.txt", "train2.txt"), "test": ("test.txt", "test2.txt")}
REPACKS: Final = {
    "cmx": Repack(
        tree="RGB/<n>.jpg, HHA/<n>.jpg, Label/<n>.png (0 void), train.txt, test.txt",
        files={"rgb": "RGB/{}.jpg", "hha": "HHA/{}.jpg", "semantic": "Label/{}.png"},
        lists=_LISTS,
        line=_NUMBERS,
        written="{}",
    ),
    "dformer": Repack(
        tree="RGB/<n>.jpg, Depth/<n>.png, Label/<n>.png (0 void), {train,test}.txt or {train2,test2}.txt",
        files={"rgb": "RGB/{}.jpg", "depth_picture": "Depth/{}.png", "semantic": "Label/{}.png"},
        lists=_LISTS,
        line=_NUMBERS,
        written="RGB/{0}.jpg Label/{0}.png",
    ),
    "tokenfusion": Repack(
        tree="rgb/<n>.png, depth/<n>.png, masks/<n>.png (0 wall, 255 void), train.txt, val.txt",
        files={"rgb": "rgb/{}.png", "depth_picture": "depth/{}.png", "semantic": "masks/{}.png"},
        lists={"train": ("train.txt",), "test": ("val.txt",)},
        line=re.compile(r"rgb/(?P<stem>[0-9]{6})\.png\s+masks/(?P=stem)\.png\s+depth/(?P=stem)\.png"),
        written="rgb/{0}.png\tmasks/{0}.png\tdepth/{0}.png",
    ),
}


def first_number(root: Path, numbers: list[int]) -> int:
    """Return what a copy calls the first frame; the frame that only one way of counting has tells.

    Raises:
        InputFileError: the lists name neither the first frame nor the last.
    """
    for first, telling in ((0, 0), (1, FRAMES)):
        if telling in numbers:
            return first
    raise InputFileError(
        f"the lists name neither frame 0 nor frame {FRAMES}",
        expected="both lists whole: without them nobody can tell whether frames count from 0 or from 1",
        path=root,
        remedy="copy both official lists beside the folders",
    )
