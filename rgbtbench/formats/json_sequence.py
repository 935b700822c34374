"""JSON values one after another, with or without commas between them: what is left of a list that lost its ends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NoReturn

from rgbtbench.errors import InputFileError

_GAP: Final = re.compile(r"[\s,]+")


def json_sequence(text: str, path: Path) -> Iterator[Any]:
    """Yield the values in their order; a JSON file as it should be holds one.

    Args:
        text: the file's content.
        path: named in errors.

    Raises:
        InputFileError: what follows is no JSON, is nested too deeply, or holds NaN or Infinity; names the line.
    """
    decoder, at = json.JSONDecoder(parse_constant=_refuse), 0
    while (at := _end_of_gap(text, at)) < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            at = error.pos if isinstance(error, json.JSONDecodeError) else at
            line = text.count("\n", 0, at) + 1
            raise InputFileError("not JSON", path=path, line=line, remedy="check that the file is whole") from error
        yield value


def _end_of_gap(text: str, at: int) -> int:
    found = _GAP.match(text, at)
    return at if found is None else found.end()


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
