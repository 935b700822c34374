"""Name lists: one id per line, as datasets publish their splits."""

from __future__ import annotations

import re
from pathlib import Path

from rgbtbench.errors import InputFileError
from rgbtbench.formats.paths import read_bytes, resolve_inside

MAX_LIST_BYTES = 64 * 1024 * 1024


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
        lines = read_bytes(root, relative, max_bytes=MAX_LIST_BYTES).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputFileError("not UTF-8 text", path=path, remedy="take the list from the official archive") from error
    first_line: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        name = line.strip()
        if not name:
            continue
        if not pattern.fullmatch(name):
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
