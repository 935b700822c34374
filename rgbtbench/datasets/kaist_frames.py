"""The frames of KAIST's splits: official lists, and the rules that they follow where a tree comes without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rgbtbench.formats.folder import stems_of
from rgbtbench.formats.id_list import read_id_list
from rgbtbench.formats.paths import is_there

#: Training sets, each a choice among the frames of the training videos.
TRAINING: Final = ("train", "train-02", "train-04", "train-20", "sanitized", "arcnn", "mbnet")
LISTS: Final = "imageSets"
#: A frame as official lists write it.
ID: Final = re.compile(r"set(0[0-9]|1[01])/V[0-9]{3}/I[0-9]{5}")
_FILE: Final = re.compile(r"(?:^|/)(set(?:0[0-9]|1[01])([_/])V[0-9]{3}\2I[0-9]{5})\.[a-z]+$")
_FLAT: Final = re.compile(r"set(0[0-9]|1[01])_V[0-9]{3}_I[0-9]{5}")
_FRAME: Final = re.compile(r"I[0-9]{5}")
_TEST_SETS: Final = 6
_EVERY_OF_TEST: Final = (20, 19)


@dataclass(frozen=True, slots=True)
class _Choice:
    """How a split is chosen.

    Attributes:
        lists: where its list may lie; the first that is there counts. Others in these folders, such as
            `imageSets/old/test20_new.txt` and `test-all-01-Seq.txt`, name wrong or repeated frames and are never read.
        folder: whose files, one per frame, are the list.
        every: modulus and remainder of the frame numbers in the official list.
    """

    lists: tuple[str, ...] = ()
    folder: str | None = None
    every: tuple[int, int] | None = None


_CHOICES: Final = {
    "train": _Choice((f"{LISTS}/train-all-01.txt",), every=(1, 0)),
    "train-02": _Choice((f"{LISTS}/train-all-02.txt",), every=(2, 1)),
    "train-04": _Choice((f"{LISTS}/train-all-04.txt",), every=(4, 3)),
    "train-20": _Choice((f"{LISTS}/train-all-20.txt",), every=(20, 19)),
    "sanitized": _Choice(folder="sanitized_annotations"),
    "arcnn": _Choice(("splits/trainval.txt",)),
    "mbnet": _Choice((f"{LISTS}/train-mbnet.txt",)),
    "test": _Choice((f"{LISTS}/test-all-20.txt", "splits/test.txt"), every=_EVERY_OF_TEST),
    "test-all": _Choice((f"{LISTS}/test-all-01.txt",)),
}


def frames_of_splits(root: Path, images: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield every split that a tree holds, with its frames (`set00/V000/I00000`) in official order.

    Rules count only where there is no folder of lists.

    Args:
        root: the dataset's folder.
        images: path templates of the image files.

    Raises:
        InputFileError: a list or a folder holds something else than frames.
    """
    templates = list(images)
    there: list[str] | None = None
    for split, choice in _CHOICES.items():
        listed = next((path for path in choice.lists if is_there(root, path)), None)
        if listed is not None:
            yield split, read_id_list(root, listed, pattern=ID)
        elif choice.folder is not None and is_there(root, choice.folder):
            yield split, _slashed(stems_of(root, [f"{choice.folder}/{{stem}}.txt"], pattern=_FLAT))
        elif choice.every is not None and not is_there(root, LISTS):
            there = _frames_there(root, templates) if there is None else there
            modulus, remainder = choice.every
            part = [frame for frame in there if (int(frame[3:5]) >= _TEST_SETS) == (split not in TRAINING)]
            chosen = [frame for frame in part if int(frame[-5:]) % modulus == remainder]
            if chosen:
                yield split, chosen


def path_of(template: str, frame: str) -> str:
    """Return the path of a frame's file.

    Args:
        template: with `{video}` (set00/V000), `{frame}` (I00000) or `{flat}` (set00_V000_I00000).
        frame: `set00/V000/I00000`.
    """
    video, _, number = frame.rpartition("/")
    return template.format(video=video, frame=number, flat=frame.replace("/", "_"))


def test_frames(frames: Iterable[str]) -> list[str]:
    """Return the frames of the split `test` among some, in official order, by the rule of its list."""
    modulus, remainder = _EVERY_OF_TEST
    return sorted(frame for frame in frames if int(frame[3:5]) >= _TEST_SETS and int(frame[-5:]) % modulus == remainder)


def frame_of_file(path: str) -> str | None:
    """Return the frame whose file this is, `…/set00_V000_I00000.txt` or `…/set00/V000/I00000.txt`; None if none's."""
    found = _FILE.search(path)
    return None if found is None else found[1].replace("_", "/")


def attributes_of(video: str) -> dict[str, str]:
    """Return what the number of a video's set says of its frames; `video` is `set00/V000`."""
    folder, _, name = video.partition("/")
    number = int(folder.removeprefix("set"))
    return {
        "time_of_day": "day" if number % 6 < 3 else "night",
        "place": ("campus", "road", "downtown")[number % 3],
        "set": folder,
        "video": name,
    }


def _frames_there(root: Path, templates: list[str]) -> list[str]:
    if "{flat}" in templates[0]:
        return _slashed(stems_of(root, [path.replace("{flat}", "{stem}") for path in templates], pattern=_FLAT))
    above = {template.partition("{video}")[0] for template in templates}
    found = [folder for path in above for folder in (root / path if path else root).glob("set[01][0-9]")]
    videos = sorted({f"{folder.name}/{video.name}" for folder in found for video in folder.glob("V[0-9][0-9][0-9]")})
    return [
        f"{video}/{frame}"
        for video in videos
        for frame in stems_of(root, [path.format(video=video, frame="{stem}") for path in templates], pattern=_FRAME)
    ]


def _slashed(flat: list[str]) -> list[str]:
    return [name.replace("_", "/") for name in flat]
