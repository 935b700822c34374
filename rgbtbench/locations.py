"""Where data lies: a folder on disk, or an address of a store such as `s3://bucket/folder`.

Whatever takes a folder of data takes both. An address becomes a `upath.UPath`; it has the methods of `pathlib.Path`
that the data layer uses, and is passed on as one. Credentials, endpoints and other options of a store come from its
own environment variables and from fsspec's configuration, never from the address.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

from rgbtbench.errors import MissingExtraError, StoreError, UserError

_FULL: Final = {errno.ENOSPC, errno.EDQUOT}
_ROOM: Final = "free space, or let TMPDIR and RGBTBENCH_CACHE name folders with more, and run again"
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_CHAIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+::.*://")
_PASSWORD = re.compile(r"://[^/@]*:[^/@]*@")
_ON_DISK = re.compile(r"(file|local)://(localhost(?=/))?")
#: Two names of one store would make two places of one.
_ALIASES: Final = {"s3a": "s3", "gcs": "gs"}
#: Packages whose exceptions are a store's and no defect of ours.
_STORE_PACKAGES: Final = {
    "adlfs", "aiobotocore", "aiohttp", "azure", "botocore", "fsspec", "gcsfs", "google", "httpx", "huggingface_hub",
    "ocifs", "ossfs", "paramiko", "pyarrow", "requests", "s3fs", "smbprotocol", "urllib3",
}  # fmt: skip


def location(place: str | Path) -> Path:
    """Return a folder or file on disk as a `Path`, and one in a store as a `UPath`.

    Raises:
        UserError: an address that holds a password, chains several stores, or names a store that does not exist.
        MissingExtraError: the package that speaks to the store is not installed.
    """
    text = str(place)
    if on_disk := _ON_DISK.match(text):
        return Path(text[on_disk.end() :])
    named = _ADDRESS.match(text)
    if not isinstance(place, str) and not is_remote(place):
        return Path(text)
    if _CHAIN.match(text):
        raise UserError(f"the address {text!r} chains several stores", expected="one, such as s3://bucket/folder")
    if named is None:
        return Path(text)
    if _PASSWORD.search(text):
        raise UserError(
            "an address that holds a password",
            remedy="take it out, and give it to the store through its environment variables (see docs/scale-out.md)",
        )
    return _address(place, named[1].lower(), text[named.end() :])


def is_remote(path: Path) -> bool:
    """Return whether a location lies in a store."""
    return getattr(path, "protocol", "") not in ("", "file", "local")


def beside(path: Path, ending: str) -> Path:
    """Return a place on disk next to a folder, named after it; in the current folder for one in a store."""
    return (Path() if is_remote(path) else path.parent) / f"{path.name}{ending}"


def filesystem(path: Path) -> Any:
    """Return the fsspec file system of a remote location; a forked process gets one of its own.

    Raises:
        StoreError: the store cannot be reached.
    """
    import fsspec

    address: Any = path
    with store_errors(path):
        return fsspec.filesystem(address.protocol, **address.storage_options)


def store_path(path: Path) -> str:
    """Return how the file system of a remote location names it."""
    address: Any = path
    return str(address.path)


@contextmanager
def store_errors(path: Path, *, doing: str = "read") -> Iterator[None]:
    """Turn what a store's library raises about a remote location into a `StoreError`.

    Errors about locations on disk, a `UserError` and defects of the program pass as they are.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if not is_remote(path) or not _is_the_stores(error):
            raise
        if isinstance(error, OSError) and error.errno in _FULL:
            raise UserError("the disk is full", path=path, remedy=_ROOM) from error
        raise StoreError(f"cannot be {doing}: {_words(error)}", path=path, remedy=_remedy(error)) from error


def _address(place: str | Path, protocol: str, rest: str) -> Path:
    import fsspec
    from upath import UPath

    known = _ALIASES.get(protocol, protocol)
    try:
        fsspec.get_filesystem_class(known)
    except ValueError as error:
        raise UserError(
            f"no store speaks {protocol}://", expected="a folder, or s3://, gs://, memory:// and what else fsspec knows"
        ) from error
    except ImportError as error:
        remedy = "pip install 'rgbtbench[cluster]'" if known == "s3" else f"{error}".partition("\n")[0]
        raise MissingExtraError(f"{protocol}:// needs a package that is not installed", remedy=remedy) from error
    # Other processes write too, so that a listing from a moment ago may be wrong.
    options = {**getattr(place, "storage_options", {}), "use_listings_cache": False}
    return cast("Path", UPath(f"{known}://{rest.rstrip('/')}", **options))


def _is_the_stores(error: Exception) -> bool:
    return isinstance(error, OSError | EOFError) or type(error).__module__.partition(".")[0] in _STORE_PACKAGES


def _words(error: Exception) -> str:
    # Signed addresses carry their key behind the question mark.
    text = re.sub(r"\?\S+", "?…", str(error).replace("\n", " ").strip())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _remedy(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "check the address"
    if isinstance(error, PermissionError) or "Credential" in type(error).__name__:
        return "check the credentials in the environment (see docs/scale-out.md)"
    return "run again when the store answers: what is finished is kept"
