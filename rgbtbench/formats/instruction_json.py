"""Instruction files for vision-language models: rows of one image, a question and an answer.

The rows are a JSON list, or objects one after another. Texts are returned as written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from rgbtbench.errors import InputFileError
from rgbtbench.formats.json_file import require_few_values
from rgbtbench.formats.json_sequence import json_sequence
from rgbtbench.formats.paths import read_bytes, resolve_inside
from rgbtbench.stored_files import FileFacts, file_facts

MAX_JSON_BYTES: Final = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Instruction:
    """One row.

    Attributes:
        image: path as written.
        question: the first turn, its mark `<image>` included.
        answer: the second turn.
    """

    image: str
    question: str
    answer: str


def read_instructions(root: Path, relative: str) -> Mapping[str, Instruction]:
    """Return the rows by their `id`, in the file's order.

    Raises:
        InputFileError: missing, outside `root`, too large, not UTF-8, no JSON, without rows, an id twice, or a row
            that is not one image, a question and an answer; names the row, counted from 1.
    """
    path = resolve_inside(root, relative)
    data = read_bytes(root, relative, max_bytes=MAX_JSON_BYTES)
    require_few_values(data, path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFileError("not UTF-8 text", path=path, remedy="unpack the official archive again") from error
    values = list(json_sequence(text, path))
    rows = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    found: dict[str, Instruction] = {}
    for number, row in enumerate(rows, 1):
        name, instruction = _instruction(row, number, path)
        if name in found:
            raise _no_row(f"row {number} repeats the id {name!r}", path)
        found[name] = instruction
    if not found:
        raise _no_row("holds no row", path)
    return found


def read_instructions_once(root: Path, relative: str) -> Mapping[str, Instruction]:
    """Return what `read_instructions` does, parsed once per process as long as the file's size and version stay."""
    facts = file_facts(resolve_inside(root, relative))
    if facts is None:
        return read_instructions(root, relative)  # raises the error that names the file
    return _read_as_of(root, relative, facts)


@lru_cache(maxsize=16)
def _read_as_of(root: Path, relative: str, _facts: FileFacts) -> Mapping[str, Instruction]:
    return read_instructions(root, relative)


def _instruction(row: Any, number: int, path: Path) -> tuple[str, Instruction]:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
        raise _no_row(f"row {number} has no id", path)
    match row:
        case {
            "image": [str(image)],
            "conversations": [{"from": "human", "value": str(question)}, {"from": "gpt", "value": str(answer)}],
        }:
            return row["id"], Instruction(image, question, answer)
    raise _no_row(f"row {number} (id {row['id']!r}) is not one image, a question and an answer", path)


def _no_row(found: str, path: Path) -> InputFileError:
    return InputFileError(
        found,
        expected='{"id": text, "image": [path], "conversations": [{"from": "human", "value": …}, {"from": "gpt", …}]}',
        path=path,
        remedy="unpack the official archive again",
    )
