"""Name lists: one id per line, as datasets publish their splits."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from rgbtbench.errors import InputFileError
from rgbtbench.formats.paths import is_there, read_bytes, resolve_inside

#: A list of 550 thousand paths has less; its lines are read one by one.
MAX_LIST_BYTES = 32 * 1024 * 1024
#: Characters that file systems allow in the name of a file or folder.
MAX_NAME = 255


def read_id_list(root: Path, relative: str, *, pattern: re.Pattern[str]) -> list[str]:
    """Return the ids of a list in its order.

    A byte-order mark, Windows line ends, spaces around an id and blank lines are harmless and dropped.

    Args:
        root: the dataset's folder.
        relative: path of the list below it.
        pattern: what a whole id looks like; ids become file names, so it must not admit `/` and `..` at will.

    Raises:
        InputFileError: missing, outside `root`, not UTF-8, without ids, or a line that repeats an earlier id or
            is no id; names the line.
    """
    path = resolve_inside(root, relative)
    try:
        text = read_bytes(root, relative, max_bytes=MAX_LIST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFileError("not UTF-8 text", path=path, remedy="take the list from the official archive") from error
    first_line: dict[str, int] = {}
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        name = line.strip()
        if not name:
            continue
        if not pattern.fullmatch(name) or max(map(len, name.split("/"))) > MAX_NAME:
            raise InputFileError(
                f"{name[:80]!r} is no id of this dataset",
                expected=f"ids like {pattern.pattern}",
                path=path,
                line=number,
                remedy="remove the line, or take the list from the official archive",
            )
        if name in first_line:
            raise InputFileError(
                f"{name!r} is already named in line {first_line[name]}",
                expected="every id once",
                path=path,
                line=number,
                remedy="remove one of the two lines",
            )
        first_line[name] = number
    if not first_line:
        raise InputFileError("the list names nothing", path=path, remedy="fill it, or remove it to leave the split out")
    return list(first_line)


def read_subsets(
    root: Path, lists: Mapping[str, str], *, pattern: re.Pattern[str], of: Collection[str]
) -> dict[str, frozenset[str]]:
    """Return the ids that further lists pick out of a split; a list that is not there is left out.

    Args:
        root: the dataset's folder.
        lists: name of the subset to the path of its list.
        pattern: as for `read_id_list`.
        of: the ids of the split.

    Raises:
        InputFileError: as `read_id_list`, or a list names an id that the split does not have.
    """
    subsets: dict[str, frozenset[str]] = {}
    for name, relative in lists.items():
        if not is_there(root, relative):
            continue
        named = read_id_list(root, relative, pattern=pattern)
        if strangers := [identifier for identifier in named if identifier not in of]:
            raise InputFileError(
                f"names {len(strangers)} ids that its split does not have, such as {strangers[0][:80]!r}",
                expected=f"some of the {len(of)} ids of the split",
                path=root / relative,
                remedy="take both lists from the official archive, or remove this one to do without its subset",
            )
        subsets[name] = frozenset(named)
    return subsets


def only_subset(root: Path, subsets: Mapping[str, frozenset[str]], identifier: str) -> str | None:
    """Return which of some subsets that exclude each other an id is in; None when it is in none.

    Raises:
        InputFileError: it is in two.
    """
    holding = [name for name, identifiers in subsets.items() if identifier in identifiers]
    if len(holding) > 1:
        raise InputFileError(
            f"the lists put {identifier!r} into {' and '.join(holding)}",
            expected="one of them",
            path=root,
            remedy="take the lists from the official archive",
        )
    return holding[0] if holding else None
