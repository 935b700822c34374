"""The same questions about files, whether they lie on disk or in a store: size and version, listing, content, hash."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from rgbtbench.locations import filesystem, is_remote, store_errors, store_path

#: Files that a store is asked for at once.
_TOGETHER: Final = 32
#: What stores call a hash or tag of an object's content, best first, and then the time of its last change.
_TAGS: Final = ("md5Hash", "ETag", "etag", "blob_id")
_TIMES: Final = ("LastModified", "last_modified", "modified", "mtime", "updated", "created")


class FileFacts(NamedTuple):
    """What a file system says of a file without opening it.

    Attributes:
        size: bytes.
        version: differs after a change: the time of the last one in nanoseconds, in a store the content's tag.
    """

    size: int
    version: int | str


def file_facts(path: Path) -> FileFacts | None:
    """Return the facts of one file; None when there is no such file.

    Raises:
        StoreError: the store does not say.
    """
    if not is_remote(path):
        try:
            return _of_status(path.stat())
        except (OSError, ValueError):
            return None
    try:
        with store_errors(path):
            return _of_entry(filesystem(path).info(store_path(path)))
    except Exception as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            return None
        raise


def facts_on_disk(folder: Path, names: Iterable[str]) -> Iterator[FileFacts | None]:
    """Yield the facts of files below a folder on disk, in turn; None for one that is not there.

    Args:
        folder: on disk.
        names: relative paths with `/`.
    """
    start = f"{folder}/"
    for name in names:
        try:
            yield _of_status(os.stat(start + name))  # noqa: PTH116 - a path per file takes longer than the question
        except (OSError, ValueError):
            yield None


def require_answer(root: Path) -> None:
    """Make sure that a store answers, for `Path`-like questions may take a refusal for an absence.

    Raises:
        StoreError: it does not; says why.
    """
    if is_remote(root):
        file_facts(root)


def folder_listing(folder: Path) -> dict[str, FileFacts | None]:
    """Return what lies in a folder: name to the facts of a file, or to None for anything else, such as a folder.

    Empty when the folder is missing.

    Raises:
        OSError: the folder cannot be read.
        StoreError: the store does not say.
    """
    if not is_remote(folder):
        if not folder.is_dir():
            return {}
        with os.scandir(folder) as entries:
            return {entry.name: _of_directory_entry(entry) for entry in entries}
    files, here = filesystem(folder), store_path(folder).strip("/")
    try:
        with store_errors(folder):
            entries = files.ls(store_path(folder), detail=True)
    except Exception as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            return {}
        raise
    # A store lists an object when asked for a folder of its name, and an empty object may stand for the folder itself.
    below = [entry for entry in entries if str(entry["name"]).strip("/") != here]
    return {str(entry["name"]).rstrip("/").rpartition("/")[2]: _of_entry(entry) for entry in below}


def file_bytes(path: Path, *, first: int | None = None, last: int | None = None) -> bytes:
    """Return the content of a file, or its bytes from `first` up to before `last`.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it cannot be read from disk.
        StoreError: it cannot be read from the store.
    """
    if not is_remote(path):
        with ordinary_file(path) as file:
            start = first or 0
            if start:
                file.seek(start)
            wanted = (os.fstat(file.fileno()).st_size if last is None else last) - start
            # One call of the system, where `readall` takes three: noticeable for many small files.
            content = file.read(max(wanted, 0))
            return content + file.readall() if last is None and len(content) < wanted else content
    try:
        with store_errors(path):
            return bytes(filesystem(path).cat_file(store_path(path), start=first, end=last))
    except Exception as error:
        if isinstance(error.__cause__, FileNotFoundError | IsADirectoryError):
            raise error.__cause__ from None
        raise


def ordinary_file(path: Path) -> io.FileIO:
    """Open a file on disk for reading, and wait for nothing: a pipe or a device is none.

    Raises:
        OSError: there is no such file, or it is none.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return io.FileIO(descriptor)
    os.close(descriptor)
    raise OSError(errno.EINVAL, "no ordinary file", str(path))


def contents(paths: Iterable[Path]) -> Iterator[bytes | None]:
    """Yield the content of each file in turn, None for one that is missing or cannot be read from disk.

    A store is asked for many at once, because it takes tens of milliseconds to answer.

    Raises:
        StoreError: a file cannot be read from the store.
    """
    waiting = iter(paths)
    while together := list(islice(waiting, _TOGETHER)):
        if is_remote(together[0]):
            yield from _contents(together)
        else:
            yield from map(_content, together)


def _content(path: Path) -> bytes | None:
    try:
        return file_bytes(path)
    except OSError:
        return None


def _contents(paths: Sequence[Path]) -> Iterator[bytes | None]:
    names = [store_path(path) for path in paths]
    with store_errors(paths[0]):
        found = filesystem(paths[0]).cat_ranges(names, None, None, on_error="return")
    for path, content in zip(paths, found, strict=True):
        if isinstance(content, FileNotFoundError):
            yield None
        elif isinstance(content, Exception):
            with store_errors(path):
                raise content
        else:
            yield content


def file_sha256(path: Path) -> str | None:
    """Return the sha256 of a file's content; None when it is missing, or cannot be read from disk.

    Raises:
        StoreError: it cannot be read from the store.
    """
    try:
        with store_errors(path), _opened(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except Exception as error:
        if isinstance(error, OSError) or isinstance(error.__cause__, FileNotFoundError | IsADirectoryError):
            return None
        raise


def _opened(path: Path) -> Any:
    return filesystem(path).open(store_path(path), "rb") if is_remote(path) else ordinary_file(path)


def _of_status(status: os.stat_result) -> FileFacts | None:
    return FileFacts(status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _of_directory_entry(entry: os.DirEntry[str]) -> FileFacts | None:
    try:
        return _of_status(entry.stat())
    except OSError:  # a link that leads nowhere, or in a circle
        return None


def _of_entry(entry: Mapping[str, Any]) -> FileFacts | None:
    if entry["type"] != "file":
        return None
    version = next((entry[name] for name in (*_TAGS, *_TIMES) if entry.get(name)), "")
    # Some write a time in two ways.
    return FileFacts(int(entry["size"] or 0), str(version.timestamp() if isinstance(version, datetime) else version))
