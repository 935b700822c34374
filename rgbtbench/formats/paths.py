"""Opening official files without ever leaving the folder, on disk or in a store, that the user named."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from rgbtbench.errors import InputFileError
from rgbtbench.locations import is_remote
from rgbtbench.stored_files import facts_on_disk, file_bytes, file_facts

#: No official image, list or annotation file comes near this size; larger ones are not read into memory.
MAX_FILE_BYTES = 512 * 1024 * 1024


def resolve_inside(root: Path, relative: str) -> Path:
    """Return `root / relative`, which may not exist, after making sure that it lies inside `root`.

    Links between folders inside the tree are followed; a link that leaves it is refused.

    Raises:
        InputFileError: an absolute name, one with `..`, or one that symbolic links lead out of `root` or in a circle.
    """
    parts = [part for part in relative.split("/") if part not in ("", ".")]
    if not relative or relative[0] == "/" or ".." in parts or "\\" in relative or "\0" in relative:
        raise InputFileError(
            f"the name {relative!r} does not lie below it",
            expected="a relative path with `/` and without `..`",
            path=root,
            remedy="correct the list that names the file",
        )
    path = root / "/".join(parts)
    # A store has neither links nor `..`.
    if is_remote(root) or not _meets_link(str(root), parts):
        return path
    try:
        inside = path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError) as error:  # RuntimeError before Python 3.13
        raise InputFileError(
            "symbolic links lead in a circle", path=path, remedy="replace the link by the file"
        ) from error
    if not inside:
        raise InputFileError(
            f"a symbolic link leads out of {root}",
            path=path,
            remedy="copy the files into the folder, or pass the folder that the link points into",
        )
    return path


def _meets_link(folder: str, parts: Iterable[str]) -> bool:
    """Return whether a symbolic link lies on the way; without one a path cannot leave its folder."""
    at = folder
    for part in parts:
        at = f"{at}/{part}"
        try:
            mode = os.lstat(at).st_mode
        except OSError:
            return False  # nothing is there, and so nothing below it
        if stat.S_ISLNK(mode):
            return True
    return False


def is_there(root: Path, relative: str) -> bool:
    """Return whether a folder holds something of this name, be it a link that leads nowhere.

    Lists and folders that decide which samples there are may be absent. What is there and cannot be read is an error,
    for its samples would vanish without a word.
    """
    path = root / relative
    return path.exists() or path.is_symlink()


def read_bytes(root: Path, relative: str, *, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Return the content of a file below `root`.

    Raises:
        InputFileError: the file is missing, empty, larger than `max_bytes`, unreadable, or outside `root`.
        StoreError: `root` lies in a store that does not answer.
    """
    plain = None if is_remote(root) else _plain_content(str(root), relative, max_bytes)
    return _content(root, relative, max_bytes) if plain is None else plain


def _plain_content(root: str, relative: str, max_bytes: int) -> bytes | None:
    """Return the content of an ordinary file on disk that no link leads to; None for what has to be looked at closer.

    Nearly all files are such, and they are many: nothing is asked twice, and no path is taken apart and joined again.
    """
    parts = relative.split("/")
    if "" in parts or "." in parts or ".." in parts or "\\" in relative or _meets_link(root, parts[:-1]):
        return None
    try:
        descriptor = os.open(f"{root}/{relative}", os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not 0 < status.st_size <= max_bytes:
            return None
        content = os.read(descriptor, status.st_size)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return content if len(content) == status.st_size else None


def _content(root: Path, relative: str, max_bytes: int) -> bytes:
    path = resolve_inside(root, relative)
    facts = file_facts(path)
    if facts is None:
        raise InputFileError("no such file", path=path, remedy="unpack the official archive again")
    if facts.size == 0:
        raise InputFileError("the file is empty", path=path, remedy="unpack the official archive again")
    if facts.size > max_bytes:
        raise InputFileError(
            f"the file has {facts.size} bytes", expected=f"at most {max_bytes}", path=path, remedy="check what it is"
        )
    try:
        return file_bytes(path)
    except OSError as error:
        raise InputFileError(f"cannot be read: {error.strerror}", path=path, remedy="check permissions") from error


def require_twins(root: Path, files: Mapping[str, str]) -> None:
    """Make sure that all files of one sample exist before any is opened.

    Args:
        root: the dataset's folder.
        files: role to path relative to `root`.

    Raises:
        InputFileError: one is missing; names it and the twin that is there.
    """
    # Whether they lie inside `root` is asked when they are opened.
    if not is_remote(root) and all(facts_on_disk(root, files.values())):
        return
    missing = [name for name in files.values() if file_facts(resolve_inside(root, name)) is None]
    if not missing:
        return
    there = [name for name in files.values() if name not in missing]
    beside = f"its twin {root / there[0]} exists" if there else "none of the sample's files exists"
    raise InputFileError(
        f"missing, while {beside}" if there else f"missing: {beside}",
        path=root / missing[0],
        remedy="unpack the official archive again, or take the id out of the list",
    )
