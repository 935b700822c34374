"""JSON files of others: size, depth and odd numbers are checked before anything is believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NoReturn

from rgbtbench.errors import InputFileError
from rgbtbench.formats.paths import read_bytes, resolve_inside

MAX_JSON_BYTES: Final = 512 * 1024 * 1024
REMEDY: Final = "take the file from the official archive, or convert the labels again"


def read_json(root: Path, relative: str) -> Any:
    """Return what a JSON file holds.

    Raises:
        InputFileError: missing, outside `root`, too large, no JSON, nested too deeply, or with NaN or Infinity.
    """
    path = resolve_inside(root, relative)
    data = read_bytes(root, relative, max_bytes=MAX_JSON_BYTES)
    try:
        return json.loads(data, parse_constant=_refuse)
    except RecursionError as error:
        raise InputFileError("JSON nested too deeply", path=path, remedy=REMEDY) from error
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise InputFileError(f"not JSON: {error}", path=path, line=line, remedy=REMEDY) from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
