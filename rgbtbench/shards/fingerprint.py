"""What decides whether a finished shard is still current: its input files, and the code that reads them."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from rgbtbench import __version__, formats, pair
from rgbtbench.datasets.source import DatasetSource
from rgbtbench.errors import InputFileError
from rgbtbench.formats.paths import resolve_inside
from rgbtbench.locations import is_remote
from rgbtbench.shards import record, sample, tar
from rgbtbench.shards.source_code import source_code
from rgbtbench.stored_files import FileFacts, facts_on_disk, file_facts, file_sha256, folder_listing

#: Size of a file that is not there.
MISSING: Final = -1
#: A store takes tens of milliseconds to answer and answers many questions at once.
QUESTIONS_AT_ONCE: Final = 16


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


class InputListing:
    """What the file system says of input files; of those in a store whole folders at once.

    Args:
        root: folder of the official files.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: dict[str, dict[str, FileFacts | None]] = {}

    def describe(self, paths: Iterable[str]) -> list[InputFile]:
        """Return the size and version of each file, without opening any.

        A missing file is described as missing: whether that is a fault is for the dataset's module to say.

        Raises:
            InputFileError: a path that does not lie below the root, or a name of bytes that are no text.
            StoreError: the root lies in a store that does not answer.
        """
        checked = [self._checked(path) for path in paths]
        facts = self._listed(checked) if is_remote(self._root) else facts_on_disk(self._root, checked)
        return [InputFile(path, *(found or (MISSING, 0))) for path, found in zip(checked, facts, strict=True)]

    def _checked(self, path: str) -> str:
        if path.startswith("/") or ".." in path.split("/"):
            raise InputFileError(
                f"the name {path!r} does not lie below it",
                path=self._root,
                remedy="correct the list that names the file",
            )
        try:
            path.encode()
        except UnicodeEncodeError as error:
            raise InputFileError(f"the name {path!r} is no text", path=self._root, remedy="rename the file") from error
        return path

    def _listed(self, paths: Sequence[str]) -> Iterator[FileFacts | None]:
        """Look into the listings of the files' folders: a thousand files for one question."""
        folders = sorted({path.rpartition("/")[0] for path in paths} - self._folders.keys())
        with ThreadPoolExecutor(QUESTIONS_AT_ONCE) as pool:
            listings = pool.map(lambda name: folder_listing(self._root / name), folders)
            self._folders |= zip(folders, listings, strict=True)
        for path in paths:
            folder, _, name = path.rpartition("/")
            yield self._folders[folder].get(name)


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
