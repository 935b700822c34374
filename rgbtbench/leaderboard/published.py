"""Tables copied from papers: `leaderboards/published/<dataset>.csv`. Columns: leaderboards/README.md."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from rgbtbench.cards.schema import Modality, Name, Strict
from rgbtbench.errors import RecordError, did_you_mean
from rgbtbench.scoring import metrics

#: Protocol of a number of which nobody can tell how it was computed.
UNKNOWN: Final = "unknown"
MAX_BYTES = 5_000_000

#: Columns that every table has, besides those of numbers.
FACTS: Final = (
    "method", "variant", "inputs", "protocol", "protocol_version", "source", "where", "training_data", "selection",
    "note", "flag",
)  # fmt: skip
#: Columns that a table may leave out.
OPTIONAL_FACTS: Final = ("pretraining", "condition", "test_time_augmentation", "ablation")
_COLUMN = re.compile(r"(?P<metric>[a-z0-9_]+)(:(?P<label>.+)|@(?P<subset>[a-z0-9_-]+=.+))?")

#: Metric to number, with the digits that the source prints.
Numbers = dict[str, Decimal]


class PublishedRow(Strict):
    """One result as a paper or README states it.

    Attributes:
        dataset: the table's name, which is the dataset's.
        protocol: id of the protocol that the number was computed with, or `unknown`.
        protocol_version: version of those rules; null exactly when the protocol is unknown.
        pretraining: sets that the initial weights have seen.
        condition: what was done to the input on purpose, or `none`.
        test_time_augmentation: scales and flips over which predictions were averaged, or `none`.
        ablation: what an ablation study changed; null for a method's own result.
        note: what a reader needs to know.
        flag: how the source contradicts itself or another; empty when it does not.
        metrics, per_class, subsets: numbers in the units of `rgbtbench.scoring.metrics`.
        file, line: where the row stands.
    """

    dataset: Name
    method: str = Field(min_length=1)
    variant: str | None = None
    inputs: tuple[Modality, ...] = Field(min_length=1)
    protocol: str = Field(min_length=1)
    protocol_version: int | None = None
    source: str = Field(min_length=1)
    where: str | None = None
    training_data: str | None = None
    pretraining: tuple[str, ...] = ()
    selection: Literal["last", "val", "test", "unknown"] = "unknown"
    condition: str = "none"
    test_time_augmentation: str = "none"
    ablation: str | None = None
    note: str | None = None
    flag: str | None = None
    metrics: Numbers = Field(default_factory=dict)
    per_class: dict[str, Numbers] = Field(default_factory=dict)
    subsets: dict[str, Numbers] = Field(default_factory=dict)
    file: str
    line: int


def read_published(folder: Path) -> list[PublishedRow]:
    """Read every table of `folder`, in order of file name and line; a folder that is absent has no tables.

    Raises:
        RecordError: a table breaks the schema; file and line are named.
    """
    return [row for path in sorted(folder.glob("*.csv")) for row in read_table(path)]


def read_table(path: Path) -> list[PublishedRow]:
    """Read one table; raises as `read_published` does."""
    if path.stat().st_size > MAX_BYTES:
        raise RecordError(f"larger than {MAX_BYTES} bytes", path=path, remedy="check that it is a table of results")
    try:
        # utf-8-sig: spreadsheet programs save CSV with a byte order mark.
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_rows(file, path))
    except UnicodeDecodeError as error:
        raise RecordError("not UTF-8 text", path=path) from error
    except csv.Error as error:
        raise RecordError(f"not CSV: {error}", path=path) from error


def _rows(file: Iterator[str], path: Path) -> Iterator[PublishedRow]:
    reader = csv.reader(file, strict=True)
    header = next(reader, [])
    _check_header(header, path)
    for cells in reader:
        if not cells:
            continue
        if len(cells) != len(header):
            raise RecordError(f"{len(cells)} cells", expected=str(len(header)), path=path, line=reader.line_num)
        yield _row(dict(zip(header, cells, strict=True)), path, reader.line_num)


def _check_header(header: list[str], path: Path) -> None:
    if missing := [name for name in FACTS if name not in header]:
        raise RecordError(f"no column {missing[0]!r}", remedy=did_you_mean(missing[0], header), path=path, line=1)
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise RecordError(f"column {twice[0]!r} occurs twice", path=path, line=1)
    for name in header:
        match = _COLUMN.fullmatch(name)
        if name not in (*FACTS, *OPTIONAL_FACTS) and (match is None or match["metric"] not in metrics.METRICS):
            raise RecordError(
                f"column {name!r} is neither a fact nor a metric",
                remedy=did_you_mean(match["metric"] if match else name, [*metrics.METRICS, *FACTS, *OPTIONAL_FACTS]),
                path=path,
                line=1,
            )


def _row(cells: dict[str, str], path: Path, line: int) -> PublishedRow:
    facts = {name: cells.get(name, "").strip() for name in (*FACTS, *OPTIONAL_FACTS)}
    content: dict[str, object] = {name: text for name, text in facts.items() if text}
    content["inputs"] = tuple(facts["inputs"].split("+"))
    content["pretraining"] = tuple(name.strip() for name in facts["pretraining"].split(";") if name.strip())
    overall: Numbers = {}
    per_class: dict[str, Numbers] = {}
    subsets: dict[str, Numbers] = {}
    for name, text in cells.items():
        match = _COLUMN.fullmatch(name)
        if name in (*FACTS, *OPTIONAL_FACTS) or match is None or not text.strip():
            continue
        table = overall
        if match["label"]:
            table = per_class.setdefault(match["label"], {})
        elif match["subset"]:
            table = subsets.setdefault(match["subset"], {})
        table[match["metric"]] = _number(text.strip(), match["metric"], name, path, line)
    if not (overall or subsets):
        raise RecordError("the row holds no number", path=path, line=line)
    try:
        row = PublishedRow.model_validate(
            content | {"metrics": overall, "per_class": per_class, "subsets": subsets}
            | {"dataset": path.stem, "file": path.name, "line": line}
        )  # fmt: skip
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise RecordError(f"{field}: {first['msg']}; found {first['input']!r}", path=path, line=line) from error
    if (row.protocol == UNKNOWN) != (row.protocol_version is None):
        raise RecordError(
            "`protocol` and `protocol_version` disagree",
            expected=f"both stated, or protocol `{UNKNOWN}` and no version",
            path=path,
            line=line,
        )
    return row


def _number(text: str, metric: str, column: str, path: Path, line: int) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("nan")
    high = metrics.METRICS[metric].highest
    if not (math.isfinite(number) and 0 <= number <= high):
        allowed = f"a number from 0 to {high:g}" if math.isfinite(high) else "a number that is not negative"
        raise RecordError(f"{column}: {text!r}", expected=allowed, path=path, line=line)
    return number
