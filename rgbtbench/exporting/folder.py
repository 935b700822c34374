"""A folder that appears whole under its name, or not at all."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from uuid import uuid4

from rgbtbench.errors import UserError

_ELSEWHERE = "name a new folder, or remove this one first"
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Tree:
    """The files of a folder that is being written.

    Attributes:
        files: how many were written.
        bytes: their size.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files = 0
        self.bytes = 0

    def write(self, path: str, content: bytes) -> None:
        """Write a file and the folders above it. The same content may come again: splits may share samples.

        Args:
            path: relative, with `/`.
            content: of the file.

        Raises:
            UserError: the path leads out of the folder, another content has this path already, or the disk is full.
        """
        target = self._place(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(content)
        except FileExistsError as error:
            if not target.is_file() or target.read_bytes() != content:
                raise UserError(
                    f"two samples are to be written to {path!r}", remedy="put {split} into the name of the folder"
                ) from error
            return
        except OSError as error:
            raise _not_written(path, error) from error
        self.files += 1
        self.bytes += len(content)

    def write_parts(self, path: str, parts: Iterator[bytes]) -> None:
        """Write a file whose content comes in parts; raises as `write` does."""
        target = self._place(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                for part in parts:
                    self.bytes += file.write(part)
        except OSError as error:
            raise _not_written(path, error) from error
        self.files += 1

    def _place(self, path: str) -> Path:
        name = PurePosixPath(path)
        if name.is_absolute() or ".." in name.parts or "\\" in path or "\0" in path:
            raise UserError(f"the name {path!r} leads out of the folder", expected="a relative path without `..`")
        return self._folder / name


@contextmanager
def whole_folder(out: Path) -> Iterator[Tree]:
    """Write a folder that takes its name only when the block ends without an error; else nothing is left of it.

    Raises:
        UserError: `out` is a file or holds something, or cannot be written.
    """
    out = out.absolute()
    _require_free(out)
    part = out.with_name(f".{out.name}.{uuid4().hex[:8]}.part")
    try:
        part.mkdir(parents=True)
    except OSError as error:
        raise _not_written(str(part), error) from error
    try:
        yield Tree(part)
        try:
            part.rename(out)
        except OSError as error:
            _require_free(out)
            raise _not_written(str(out), error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _require_free(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UserError("is a file", expected="a folder to write", path=out, remedy=_ELSEWHERE)
    there = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    if there:
        raise UserError(f"holds something already ({', '.join(there[:5])})", path=out, remedy=_ELSEWHERE)


def _not_written(path: str, error: OSError) -> UserError:
    if error.errno in _FULL:
        return UserError("the disk is full", path=path, remedy="free space and run again; nothing was left behind")
    return UserError(f"cannot be written: {error.strerror or error}", path=path, remedy="run again once this is mended")
