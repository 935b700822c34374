"""Where a command may write: before long work begins, and never among things that are not its own."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

from rgbtbench.errors import UserError

#: Lies in a folder of many files and names the command that may write there again.
MARK: Final = ".rgbtbench"


def require_folder(path: Path) -> None:
    """Make sure that `path` is a folder, or can become one; nothing is written.

    Raises:
        UserError: it or a part of it is a file, or may not be written to.
    """
    place = next(place for place in (path, *path.absolute().parents) if place.exists() or place.is_symlink())
    if not place.is_dir():
        raise UserError("is a file", path=place, expected="a folder to write to", remedy="name another folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise UserError("may not be written to", path=place, remedy="name another folder")


def require_file(path: Path) -> None:
    """Make sure that a file can be written at `path`; nothing is written, and an old file there is no fault.

    Raises:
        UserError: it is a folder, or its own folder cannot be written to.
    """
    if path.is_dir():
        raise UserError("is a folder", path=path, expected="a file to write", remedy="name a file in it")
    require_folder(path.parent)


def claim_folder(path: Path, command: str, *, besides: Collection[str] = ()) -> None:
    """Make a folder that is written by one command alone, and mark it as that command's.

    Args:
        path: new, empty, or claimed by the same command before.
        command: such as `leaderboard build`.
        besides: names that may lie there already.

    Raises:
        UserError: it holds anything else; nothing in it was touched.
    """
    require_folder(path)
    mark, content = path / MARK, f"{command}\n"
    there = sorted(entry.name for entry in path.iterdir() if entry.name not in besides) if path.is_dir() else []
    if there and not (mark.is_file() and mark.read_text(encoding="utf-8", errors="replace") == content):
        shown = ", ".join(there[:5]) + (f" and {len(there) - 5} more" if len(there) > 5 else "")
        raise UserError(
            f"holds other things ({shown})",
            path=path,
            expected=f"a folder that is new, empty, or was written by `rgbtbench {command}`",
            remedy="name another folder",
        )
    path.mkdir(parents=True, exist_ok=True)
    mark.write_text(content, encoding="utf-8")
