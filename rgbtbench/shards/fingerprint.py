"""What decides whether a finished shard is still current: its input files, and the code that reads them."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from rgbtbench import __version__, formats, pair
from rgbtbench.datasets.source import DatasetSource
from rgbtbench.errors import InputFileError
from rgbtbench.formats.paths import resolve_inside
from rgbtbench.locations import is_remote
from rgbtbench.shards import record, sample, tar
from rgbtbench.shards.source_code import source_code
from rgbtbench.stored_files import FileFacts, file_facts, file_sha256, folder_listing

#: Size of a file that is not there.
MISSING: Final = -1
#: A store takes tens of milliseconds to answer and answers many questions at once.
_QUESTIONS_AT_ONCE: Final = 16


class InputFile(NamedTuple):
    """One input file as the file system describes it.

    Attributes:
        path: relative to the root.
        size: bytes, or `MISSING`.
        version: time of the last change in nanoseconds; in a store the content's tag.
    """

    path: str
    size: int
    version: int | str


def describe_inputs(root: Path, paths: Iterable[str]) -> list[InputFile]:
    """Return the size and version of each file, without opening any.

    A missing file is described as missing: whether that is a fault is for the dataset's module to say.

    Raises:
        InputFileError: a path that does not lie below the root.
        StoreError: `root` lies in a store that does not answer.
    """
    checked = [_checked(root, path) for path in paths]
    look_up = _listed(root, checked) if is_remote(root) else lambda path: file_facts(root / path)
    return [InputFile(path, *(look_up(path) or (MISSING, 0))) for path in checked]


def _checked(root: Path, path: str) -> str:
    name = PurePosixPath(path)
    if name.is_absolute() or ".." in name.parts:
        raise InputFileError(
            f"the name {path!r} does not lie below it", path=root, remedy="correct the list that names the file"
        )
    return path


def _listed(root: Path, paths: Iterable[str]) -> Callable[[str], FileFacts | None]:
    """Return a look-up in the listings of all folders: a thousand files for one question."""
    folders = sorted({path.rpartition("/")[0] for path in paths})
    with ThreadPoolExecutor(_QUESTIONS_AT_ONCE) as pool:
        listings = dict(zip(folders, pool.map(lambda name: folder_listing(root / name), folders), strict=True))

    def look_up(path: str) -> FileFacts | None:
        folder, _, name = path.rpartition("/")
        return listings[folder].get(name)

    return look_up


def input_sha256(root: Path, relative: str) -> str | None:
    """Return the sha256 of an input file; None when it is missing, lies outside `root`, or is a pipe or a device.

    Raises:
        StoreError: the store does not answer.
    """
    try:
        path = resolve_inside(root, relative)
    except InputFileError:
        return None
    return file_sha256(path) if is_remote(path) or file_facts(path) is not None else None


def code_fingerprint(source: DatasetSource) -> str:
    """Return a hash of the code that turns official files into shards.

    It covers the modules that the dataset is made of, the format readers and what writes a sample, so that a corrected
    reader never leaves shards behind that the old one made.
    """
    return hashlib.sha256(f"{__version__}\n{_reader_code()}\n{source_code(source)}".encode()).hexdigest()


@cache
def _reader_code() -> str:
    modules = (inspect.getsource(module) for module in (pair, record, sample, tar))
    readers = (file.read_text(encoding="utf-8") for file in sorted(Path(formats.__path__[0]).glob("*.py")))
    return "\n".join([*modules, *readers])
