"""Which samples a folder holds, where no list says so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from rgbtbench.errors import InputFileError
from rgbtbench.formats.paths import is_there

_STEM = "{stem}"


def stems_of(root: Path, templates: Iterable[str], *, pattern: re.Pattern[str]) -> list[str]:
    """Return the stems of the files that some path templates name, each once, numbers in natural order.

    A stem that only one of the templates finds is returned too: that its twins are missing is for the sample to say.

    Args:
        root: the dataset's folder.
        templates: paths below it in which `{stem}` stands for the stem, in the last part only.
        pattern: what a whole stem looks like.

    Raises:
        InputFileError: a folder holds a file of the template's form whose stem is none, or no file at all.
    """
    found: set[str] = set()
    for template in templates:
        folder, _, name = template.rpartition("/")
        before, _, after = name.partition(_STEM)
        where = folder_there(root, folder) if folder else root
        if where is None:
            continue
        names = _names(where, before, after)
        if not names:
            raise InputFileError(
                "holds no sample",
                expected=f"files like {name.replace(_STEM, '<stem>')}",
                path=where,
                remedy="fill it, or remove it to leave the split out",
            )
        for file in names:
            stem = file[len(before) : len(file) - len(after)]
            if not pattern.fullmatch(stem):
                raise InputFileError(
                    f"{file!r} is no file of this dataset",
                    expected=f"stems like {pattern.pattern}",
                    path=where,
                    remedy="remove it",
                )
            found.add(stem)
    return in_natural_order(found)


def _names(folder: Path, before: str, after: str) -> list[str]:
    shortest = len(before) + len(after)
    # `glob` would hold what the system says of every file at once.
    return [
        name
        for name in (path.name for path in folder.iterdir())
        if len(name) >= shortest and name.startswith(before) and name.endswith(after)
    ]


def folder_there(root: Path, relative: str) -> Path | None:
    """Return a folder below `root`, None when nothing of that name is there.

    Raises:
        InputFileError: something else has its name, such as a link that leads nowhere.
    """
    where = root / relative
    if where.is_dir():
        return where
    if is_there(root, relative):
        raise InputFileError("is no folder", path=where, remedy="unpack the official archive again")
    return None


def require_together(root: Path, folders: Sequence[str]) -> None:
    """Make sure that all of some folders are there or none, where single files may be missing and whole folders not.

    Raises:
        InputFileError: some are there and others are not; names one.
    """
    missing = [folder for folder in folders if not is_there(root, folder)]
    if 0 < len(missing) < len(folders):
        raise InputFileError(
            "no such folder, while others of its split are there",
            path=root / missing[0],
            remedy="unpack the official archive again, or remove them all to leave this part out",
        )


def in_natural_order(names: Collection[str]) -> list[str]:
    """Return names in the order of `natural_order`."""
    # Numbers of one length are in their order as they stand, and a key for each takes ten times their memory.
    one_length = len({len(name) for name in names}) == 1
    plain = one_length and all(name.isascii() and name.isdigit() for name in names)
    return sorted(names) if plain else sorted(names, key=natural_order)


def natural_order(name: str) -> list[tuple[int, str]]:
    """Return a sort key that puts `9` before `10`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name) if part]
