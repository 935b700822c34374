"""What decides whether a finished shard is still current: its input files, and the code that reads them."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from rgbtbench import __version__, formats, pair
from rgbtbench.datasets.source import DatasetSource
from rgbtbench.errors import InputFileError
from rgbtbench.shards import record, sample, tar

#: Size of a file that is not there.
MISSING = -1


class InputFile(NamedTuple):
    """One input file as the file system describes it.

    Attributes:
        path: relative to the root.
        size: bytes, or `MISSING`.
        mtime_ns: time of the last change, nanoseconds.
    """

    path: str
    size: int
    mtime_ns: int


def describe_inputs(root: Path, paths: Iterable[str]) -> list[InputFile]:
    """Return the size and time of each file, without opening any.

    A missing file is described as missing: whether that is a fault is for the dataset's module to say.

    Raises:
        InputFileError: a path that does not lie below the root.
    """
    return [_describe(root, path) for path in paths]


def _describe(root: Path, path: str) -> InputFile:
    name = PurePosixPath(path)
    if name.is_absolute() or ".." in name.parts:
        raise InputFileError(
            f"the name {path!r} does not lie below it", path=root, remedy="correct the list that names the file"
        )
    try:
        facts = (root / name).stat()
    except (OSError, ValueError):
        return InputFile(path, MISSING, 0)
    return InputFile(path, facts.st_size, facts.st_mtime_ns)


def file_sha256(path: Path) -> str | None:
    """Return the sha256 of a file's content, None when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def code_fingerprint(source: DatasetSource) -> str:
    """Return a hash of the code that turns official files into shards.

    It covers the dataset's own module and those of the classes that it derives from, the format readers and what
    writes a sample, so that a corrected reader never leaves shards behind that the old one made.
    """
    own = ""
    for kind in type(source).__mro__[:-1]:
        with suppress(TypeError, OSError):  # a class typed into an interactive session has no file
            own += inspect.getsource(inspect.getmodule(kind) or kind)
    return hashlib.sha256(f"{__version__}\n{_reader_code()}\n{own}".encode()).hexdigest()


@cache
def _reader_code() -> str:
    modules = (inspect.getsource(module) for module in (pair, record, sample, tar))
    readers = (file.read_text(encoding="utf-8") for file in sorted(Path(formats.__path__[0]).glob("*.py")))
    return "\n".join([*modules, *readers])
