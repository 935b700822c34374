"""Records on disk: one immutable JSON file per result, and its per-image statistics beside it.

A record's name carries a hash of its content, so that an edit shows and the same result is never stored twice.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from rgbtbench.canonical import content_sha256
from rgbtbench.errors import RecordError
from rgbtbench.leaderboard.records import Record
from rgbtbench.outputs import require_folder

#: Statistics travel with the repository; larger ones would not.
MAX_STATISTICS_BYTES: Final = 1 << 20
_MAX_RECORD_BYTES: Final = 4 << 20
_MAX_UNPACKED_BYTES: Final = 1 << 28
_RESTORE: Final = "restore the file, or evaluate again"


def record_name(record: Record) -> str:
    """Return `<protocol>/<method>-<hash>`, the record's path without extension; `/` in the protocol's id is `__`.

    The hash is over everything but the time of creation. Fields at their defaults are left out of it, so that records
    keep their names when the schema grows.
    """
    content = record.model_dump(mode="json", exclude={"created"}, exclude_defaults=True)
    digest = content_sha256(content)[:12]
    method = re.sub(r"[^A-Za-z0-9_.-]+", "-", record.method).lstrip(".") or "method"
    return f"{record.protocol.replace('/', '__')}/{method}-{digest}"


def write_record(record: Record, folder: Path, *, statistics: Mapping[str, NDArray[np.generic]] | None = None) -> Path:
    """Store a record and its statistics; what is stored already stays as it is.

    Args:
        record: without `statistics_sha256`, which is filled in here.
        folder: of all records.
        statistics: named arrays, from `Score.statistics`.

    Returns:
        The record's file. If the same result was stored before, that one.

    Raises:
        RecordError: the statistics are too large, or a damaged file is in the way.
        UserError: `folder` is a file, or may not be written to.
    """
    require_folder(folder)
    packed = None if statistics is None else pack_statistics(statistics)
    sealed = record.model_copy(
        update={"statistics_sha256": None if packed is None else hashlib.sha256(packed).hexdigest()}
    )
    path = folder / f"{record_name(sealed)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    if packed is not None:
        _write_once(path.with_suffix(".npz"), packed)
    if path.exists():
        read_record(path)
        return path
    _write_once(path, json.dumps(sealed.model_dump(mode="json"), indent=1, allow_nan=False).encode() + b"\n")
    return path


def read_record(path: Path) -> Record:
    """Return a stored record.

    Raises:
        RecordError: missing, no JSON, against the schema, or changed since it was written.
    """
    try:
        content = path.read_bytes() if path.stat().st_size <= _MAX_RECORD_BYTES else b""
        record = Record.model_validate(json.loads(content))
        name = record_name(record)
    except OSError as error:
        raise RecordError(f"cannot be read: {error.strerror}", path=path, remedy="check the path") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise RecordError(f"{field}: {first['msg']}", path=path, remedy=_RESTORE) from error
    except (ValueError, RecursionError) as error:
        raise RecordError("is not JSON of finite numbers", path=path, remedy=_RESTORE) from error
    if name.rpartition("/")[2] != path.stem:
        raise RecordError(
            "was changed after it was written: its content does not match the hash in its name",
            expected=f"{name}.json",
            path=path,
            remedy=_RESTORE,
        )
    return record


def find_records(folder: Path) -> tuple[dict[str, Record], list[RecordError]]:
    """Read all records below a folder.

    Returns:
        Name (path without `.json`, with `/`) to record in alphabetical order, and one error per damaged file.
    """
    records: dict[str, Record] = {}
    errors: list[RecordError] = []
    for path in sorted(folder.rglob("*.json")):
        try:
            records[path.relative_to(folder).with_suffix("").as_posix()] = read_record(path)
        except RecordError as error:
            errors.append(error)
    return records, errors


def read_records(folder: Path) -> dict[str, Record]:
    """Return all records below a folder, by name; none if the folder is absent.

    Raises:
        RecordError: some are damaged; names each.
    """
    records, errors = find_records(folder)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        listed = "; ".join(f"{error.path}: {error.found}" for error in errors)
        raise RecordError(f"{len(errors)} records are damaged: {listed}", path=folder, remedy=_RESTORE)
    return records


def pack_statistics(statistics: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Return statistics as a compressed `.npz` file; the same arrays always give the same bytes.

    Raises:
        RecordError: larger than `MAX_STATISTICS_BYTES`.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in sorted(statistics.items()):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
            # A member that says its own date takes no compression from the archive.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue(), zipfile.ZIP_DEFLATED, 9)
    packed = buffer.getvalue()
    if len(packed) > MAX_STATISTICS_BYTES:
        raise RecordError(
            f"the per-image statistics take {len(packed)} bytes",
            expected=f"at most {MAX_STATISTICS_BYTES}",
            remedy="keep fewer detections of low score, or store the record without statistics",
        )
    return packed


def read_statistics(path: Path, record: Record) -> dict[str, NDArray[np.generic]]:
    """Return the statistics beside the record at `path`.

    Raises:
        RecordError: missing, changed, or no plain arrays.
    """
    beside = path.with_suffix(".npz")
    try:
        packed = beside.read_bytes() if beside.stat().st_size <= MAX_STATISTICS_BYTES else b""
    except OSError as error:
        raise RecordError(f"cannot be read: {error.strerror}", path=beside, remedy=_RESTORE) from error
    if hashlib.sha256(packed).hexdigest() != record.statistics_sha256:
        raise RecordError("is not the file that the record names", path=beside, remedy=_RESTORE)
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_UNPACKED_BYTES:
                raise RecordError("unpacks to more than statistics need", path=beside, remedy=_RESTORE)
        loaded: Any = np.load(io.BytesIO(packed), allow_pickle=False)
        with loaded as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise RecordError(f"holds no plain arrays: {error}", path=beside, remedy=_RESTORE) from error


def _write_once(path: Path, content: bytes) -> None:
    """Create a file with all of its content or not at all; a file that is there is never replaced."""
    if path.exists():
        if path.read_bytes() != content:
            raise RecordError("another content is stored under this name", path=path, remedy=_RESTORE)
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _claim(part, path)
    finally:
        part.unlink(missing_ok=True)


def _claim(part: Path, path: Path) -> None:
    try:
        os.link(part, path)  # unlike a rename it replaces nothing
    except FileExistsError as error:
        raise RecordError("was written by another process just now", path=path, remedy="try again") from error
    except OSError:  # a file system without hard links
        part.rename(path)
