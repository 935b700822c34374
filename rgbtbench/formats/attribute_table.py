"""`attributes.csv`: facts about samples that authors publish apart from their archives, one row per sample."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rgbtbench.cards.dataset import AttributeFacts
from rgbtbench.cards.schema import AttributeValue
from rgbtbench.errors import InputFileError, did_you_mean
from rgbtbench.formats.paths import is_there, read_bytes, resolve_inside

ATTRIBUTE_TABLE: Final = "attributes.csv"
_MAX_BYTES: Final = 8 * 1024 * 1024
_TRUTH: Final = {"true": True, "false": False, "1": True, "0": False}


def read_attribute_table(
    root: Path, declared: Mapping[str, AttributeFacts]
) -> Mapping[str, Mapping[str, AttributeValue]]:
    """Return the attributes of every official id that `attributes.csv` in the root names; none without the file.

    The first column is called `id`, the others are attributes of the card. Where the card closes an attribute's
    values, a cell holds one of them; elsewhere `1`, `0`, `true` and `false` are truth values. An empty cell
    says nothing.

    Raises:
        InputFileError: no CSV in UTF-8, no `id` column, a column that the card does not declare, an id named twice, a
            row of another length, or a value that the card does not allow; names the line. Also a column of truth
            values and text.
    """
    path = resolve_inside(root, ATTRIBUTE_TABLE)
    if not is_there(root, ATTRIBUTE_TABLE):
        return {}
    try:
        text = read_bytes(root, ATTRIBUTE_TABLE, max_bytes=_MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFileError("not UTF-8 text", path=path, remedy="save the table as UTF-8") from error
    rows = _rows(text, path)
    header = [name.strip() for name in rows[0]] if rows else []
    if not header or header[0] != "id":
        raise InputFileError(
            "the first column is not `id`", expected="id,<attribute>,…", path=path, line=1, remedy="name the columns"
        )
    for name in header[1:]:
        if name not in declared:
            raise InputFileError(
                f"{name!r} is no attribute of the card", path=path, line=1, remedy=did_you_mean(name, declared)
            )
    table: dict[str, Mapping[str, AttributeValue]] = {}
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        if len(row) != len(header):
            raise InputFileError(
                f"{len(row)} cells",
                expected=f"{len(header)} as the first line has",
                path=path,
                line=number,
                remedy="correct the row",
            )
        official_id = row[0].strip()
        if official_id in table:
            raise InputFileError(f"{official_id!r} has two rows", path=path, line=number, remedy="remove one of them")
        table[official_id] = {
            name: _value(cell.strip(), declared[name], name, path, number)
            for name, cell in zip(header[1:], row[1:], strict=True)
        }
    _check_kinds(table, path)
    return table


def _check_kinds(table: Mapping[str, Mapping[str, AttributeValue]], path: Path) -> None:
    first: dict[str, AttributeValue] = {}
    for official_id, row in table.items():
        for name, value in row.items():
            if value is None or type(value) is type(first.setdefault(name, value)):
                continue
            raise InputFileError(
                f"{name} is {value!r} for {official_id!r} and {first[name]!r} elsewhere",
                expected="truth values or text in the whole column",
                path=path,
                remedy="correct the cell",
            )


def _rows(text: str, path: Path) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=None), strict=True)
    try:
        return list(reader)
    except csv.Error as error:
        raise InputFileError(
            f"no table: {error}", path=path, line=reader.line_num, remedy="save the table as plain CSV"
        ) from error


def _value(cell: str, facts: AttributeFacts, name: str, path: Path, line: int) -> AttributeValue:
    if not cell:
        return None
    if facts.values is None:
        return _TRUTH.get(cell.lower(), cell)
    if cell not in facts.values:
        raise InputFileError(
            f"{name} is {cell!r}", expected=" or ".join(facts.values), path=path, line=line, remedy="correct the cell"
        )
    return cell
