"""JSON files of others: size, depth and odd numbers are checked before anything is believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NoReturn

from rgbtbench.errors import InputFileError
from rgbtbench.formats.paths import read_bytes, resolve_inside

MAX_JSON_BYTES: Final = 256 * 1024 * 1024
#: Each value takes up to a hundred bytes of memory, however short it is written. A dataset of a million boxes has less.
MAX_JSON_VALUES: Final = 20_000_000
REMEDY: Final = "take the file from the official archive, or convert the labels again"


def read_json(root: Path, relative: str) -> Any:
    """Return what a JSON file holds.

    Raises:
        InputFileError: missing, outside `root`, too large, with too many values, no JSON, nested too deeply, or with
            NaN or Infinity.
    """
    path = resolve_inside(root, relative)
    data = read_bytes(root, relative, max_bytes=MAX_JSON_BYTES)
    require_few_values(data, path)
    try:
        return json.loads(data, parse_constant=_refuse)
    except RecursionError as error:
        raise InputFileError("JSON nested too deeply", path=path, remedy=REMEDY) from error
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise InputFileError(f"not JSON: {error}", path=path, line=line, remedy=REMEDY) from error


def require_few_values(data: bytes, path: Path) -> None:
    """Make sure that JSON holds no more values than memory does, without parsing it.

    Raises:
        InputFileError: it may hold more than `MAX_JSON_VALUES`.
    """
    most = most_values(data)
    if most > MAX_JSON_VALUES:
        raise InputFileError(
            f"holds up to {most} values", expected=f"at most {MAX_JSON_VALUES}", path=path, remedy="check what it is"
        )


def most_values(data: bytes) -> int:
    """Return a number that the values and keys in JSON do not exceed by more than one."""
    return sum(map(data.count, (b",", b"[", b"{", b":")))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
