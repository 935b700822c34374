"""Named byte strings in a folder, a zip or a tar file, without unpacking anything."""

from __future__ import annotations

import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from rgbtbench.errors import PredictionError
from rgbtbench.predictions.sidecar import INCOMPLETE, MAX_SIDECAR_BYTES, SIDECAR, Sidecar, parse_sidecar

#: An archive may not claim to hold more than this many times its own size. PNG files hardly shrink in a zip.
MAX_RATIO = 100
#: Below this many bytes the ratio says nothing; a zip of blank masks is small and harmless.
SMALL_TOTAL = 64 << 20


#: What the standard library raises about archives whose numbers lead nowhere, beside its own errors.
_DAMAGE: Final = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, struct.error),
    *(EOFError, NotImplementedError, OSError, OverflowError, RuntimeError, ValueError),
)


class Members(Protocol):
    """A set of named byte strings."""

    @property
    def sizes(self) -> dict[str, int]:
        """Size in bytes of every member by its name, with `/`; names that start with a dot are left out."""

    def read(self, name: str) -> bytes:
        """Return the content of one member."""


@contextmanager
def open_members(path: Path) -> Iterator[Members]:
    """Open a folder, `.zip` or `.tar` of files.

    Raises:
        PredictionError: no such path, neither folder nor archive, a damaged or hostile archive, a member that is a
            link out of the folder, or the same name twice.
    """
    if (path / INCOMPLETE).exists():
        raise PredictionError(
            "the predictions were never finished", path=path, remedy="predict again; the folder may be reused"
        )
    if path.is_dir():
        yield _Folder(path)
    elif path.is_file() and zipfile.is_zipfile(path):
        with _reporting_damage(path):
            archive = zipfile.ZipFile(path)
        with archive:
            yield _Zip(path, archive)
    elif path.is_file() and _is_plain_tar(path):
        with tarfile.open(path, "r:") as tape:
            yield _Tar(path, tape)
    elif path.exists():
        raise PredictionError(
            "is neither a zip nor an uncompressed tar file",
            expected="a folder, .zip or .tar",
            path=path,
            remedy="check the path",
        )
    else:
        raise PredictionError("no such file or folder", path=path, remedy="check the path")


def is_archive(path: Path) -> bool:
    """Tell whether a file is an archive that `open_members` opens."""
    return zipfile.is_zipfile(path) or _is_plain_tar(path)


def top_folder(members: Members) -> str:
    """Return the one folder that holds all members, with a slash at the end, or an empty text."""
    first = {name.partition("/")[0] if "/" in name else "" for name in members.sizes}
    return f"{first.pop()}/" if len(first) == 1 and "" not in first else ""


def read_sidecar(path: Path) -> Sidecar | None:
    """Return the sidecar in a folder or archive, or beside a results file; None where there is none.

    Raises:
        PredictionError: it is damaged, or the predictions were never finished.
    """
    if path.is_file() and path.suffix.lower() in (".json", ".jsonl", ".txt", ".parquet"):
        beside = path.with_name(SIDECAR)  # some tools give their results file this very name
        if path == beside or not beside.is_file():
            return None
        return parse_sidecar(beside.read_bytes()[: MAX_SIDECAR_BYTES + 1], path=str(beside))
    with open_members(path) as members:
        for name in (SIDECAR, top_folder(members) + SIDECAR):
            if name in members.sizes:
                if members.sizes[name] > MAX_SIDECAR_BYTES:
                    raise PredictionError(f"{name} has {members.sizes[name]} bytes", path=path, remedy="remove it")
                return parse_sidecar(members.read(name), path=str(path))
    return None


@contextmanager
def _reporting_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise PredictionError(f"damaged archive: {error}", path=path, remedy="pack the predictions again") from error


def _is_plain_tar(path: Path) -> bool:
    # `tarfile.is_tarfile` would open compressed ones too, whose size nobody knows beforehand.
    try:
        with tarfile.open(path, "r:"):
            return True
    except _DAMAGE:
        return False


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root
        self.sizes: dict[str, int] = {}
        inside = root.resolve()
        for folder, below, files in os.walk(root):
            below[:] = sorted(name for name in below if _is_visible(name))
            for file in sorted(filter(_is_visible, files)):
                path = Path(folder, file)
                if not _leads_into(inside, path):
                    raise PredictionError(
                        "a symbolic link leads out of the folder or in a circle",
                        path=path,
                        remedy="copy the file into the folder",
                    )
                if path.is_file():
                    self.sizes[path.relative_to(root).as_posix()] = path.stat().st_size

    def read(self, name: str) -> bytes:
        return (self._root / name).read_bytes()


def _leads_into(folder: Path, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder)
    except (OSError, RuntimeError):  # RuntimeError before Python 3.13
        return False


class _Zip:
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path, self._archive = path, archive
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        for entry in entries:
            if entry.flag_bits & 0x1:
                raise PredictionError(f"{entry.filename} is encrypted", path=path, remedy="pack without a password")
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise PredictionError(f"{entry.filename} is a link", path=path, remedy="pack the files themselves")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise PredictionError(
                    f"{entry.filename} is packed by an unusual method", path=path, remedy="store or deflate the files"
                )
        self.sizes = _checked_sizes(path, [(entry.filename, entry.file_size) for entry in entries])
        self._stored = {_plain(entry.filename): entry for entry in entries}
        total = sum(self.sizes.values())
        if total > max(SMALL_TOTAL, MAX_RATIO * path.stat().st_size):
            raise PredictionError(
                f"claims to unpack to {total} bytes, over {MAX_RATIO} times its own size",
                path=path,
                remedy="give the files unpacked, or pack them as they are",
            )

    def read(self, name: str) -> bytes:
        # Reading no more than the directory says keeps an entry that lies about its size from being unpacked whole.
        with _reporting_damage(self._path), self._archive.open(self._stored[name]) as file:
            return file.read(self.sizes[name])


class _Tar:
    def __init__(self, path: Path, archive: tarfile.TarFile) -> None:
        self._path, self._archive = path, archive
        with _reporting_damage(path):
            entries = [entry for entry in archive.getmembers() if not entry.isdir()]
        for entry in entries:
            if not entry.isreg() or entry.issparse():
                raise PredictionError(
                    f"{entry.name} is no ordinary file", path=path, remedy="pack the files themselves"
                )
        self.sizes = _checked_sizes(path, [(entry.name, entry.size) for entry in entries])
        self._entries = {_plain(entry.name): entry for entry in entries}

    def read(self, name: str) -> bytes:
        with _reporting_damage(self._path):
            file = self._archive.extractfile(self._entries[name])
            if file is None:  # only for links and folders, which are refused above
                raise tarfile.ReadError(name)
            return file.read()


def _checked_sizes(path: Path, entries: list[tuple[str, int]]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for stored, size in entries:
        name = _plain(stored)
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or "\\" in name or "\0" in name or ":" in name:
            raise PredictionError(
                f"the member {stored!r} leads out of the archive", path=path, remedy="pack with relative names"
            )
        if not all(map(_is_visible, pure.parts)):
            continue
        if name in sizes:
            raise PredictionError(f"holds {name} twice", path=path, remedy="pack each prediction once")
        sizes[name] = size
    return sizes


def _plain(name: str) -> str:
    return name.removeprefix("./")


def _is_visible(name: str) -> bool:
    # macOS adds `__MACOSX` and dot files to what it packs; rgbtbench's own temporary files start with a dot.
    return not name.startswith(".") and name != "__MACOSX"
