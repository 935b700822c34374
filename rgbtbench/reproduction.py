"""A published number computed again: the authors' weights on the whole dataset, under the row's protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from rgbtbench.cards.inference import PLAIN
from rgbtbench.errors import UnknownNameError, UserError, did_you_mean
from rgbtbench.evaluation import Evaluation
from rgbtbench.leaderboard.listed_names import methods_of
from rgbtbench.leaderboard.published import UNKNOWN, Numbers, PublishedRow, read_published
from rgbtbench.leaderboard.records import Record
from rgbtbench.progress import Progress, Silent
from rgbtbench.resources import data_root

if TYPE_CHECKING:
    from rgbtbench.subject import Subject

_SILENT = Silent()


@dataclass(frozen=True, slots=True)
class Comparison:
    """One printed number beside the one that was computed.

    Attributes:
        name: the table's column, such as `miou`, `iou:car` or `miou@time_of_day=day`.
        published: with the digits that the source prints.
        computed: null where it cannot be computed.
    """

    name: str
    published: Decimal
    computed: float | None

    @property
    def agrees(self) -> bool:
        """Whether the computed number, rounded to the printed digits either way, is the printed one."""
        if self.computed is None:
            return False
        half = Decimal(1).scaleb(int(self.published.as_tuple().exponent)) / 2
        # Halves that binary fractions miss by a hair count as halves.
        return abs(Decimal(self.computed) - self.published) <= half + Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of computing a row again.

    Attributes:
        row: as published.
        evaluation: of the weights.
        comparisons: of every printed number.
    """

    row: PublishedRow
    evaluation: Evaluation
    comparisons: tuple[Comparison, ...]

    @property
    def agrees(self) -> bool:
        """Whether every number does."""
        return all(comparison.agrees for comparison in self.comparisons)


def reproduce(
    row_name: str,
    subject: Subject,
    data: Path,
    *,
    tables: Path | None = None,
    out: Path | None = None,
    progress: Progress = _SILENT,
) -> Reproduction:
    """Predict with weights, score under a published row's protocol, and compare every number that it prints.

    Args:
        row_name: `<table>:<line>`, as leaderboards name published rows: `mfnet.csv:17`.
        subject: the authors' weights, converted, with the views that the row was computed with.
        data: the prepared dataset.
        tables: folder of published tables; None for those of rgbtbench.
        out: folder for the predictions; None for one beside the weights.
        progress: is told of batches and images.

    Raises:
        UnknownNameError: no such row.
        UserError: nobody knows the row's protocol, or the weights are of another method or the views others.
        RecordError: a table breaks its schema.
        WeightsError, RecipeError, ShardError, PredictionError: as `Subject.evaluate`.
    """
    row = published_row(row_name, tables)
    _require_fitting(row, subject)
    evaluation = subject.evaluate(data, row.protocol, out=out, condition=row.condition, progress=progress)
    return Reproduction(row, evaluation, tuple(_comparisons(row, evaluation.record)))


def published_row(name: str, tables: Path | None = None) -> PublishedRow:
    """Return a row by `<table>:<line>`; the table's `.csv` may be left out.

    Raises:
        UnknownNameError: no such row; the closest, or those of the table, are named.
    """
    table, _, line = name.partition(":")
    rows = read_published(tables or data_root() / "leaderboards" / "published")
    wanted = f"{table.removesuffix('.csv')}.csv:{line}"
    for row in rows:
        if f"{row.file}:{row.line}" == wanted:
            return row
    of_table = [f"{row.file}:{row.line}" for row in rows if row.file == f"{table.removesuffix('.csv')}.csv"]
    files = sorted({row.file for row in rows})
    raise UnknownNameError(
        f"no published row {name!r}",
        expected="<table>:<line>, as the leaderboard's pages name published rows",
        remedy=f"{table} has rows {of_table[0]} to {of_table[-1]}" if of_table else did_you_mean(table, files),
    )


def _require_fitting(row: PublishedRow, subject: Subject) -> None:
    name = f"{row.file}:{row.line}"
    if row.protocol == UNKNOWN:
        raise UserError(f"{name}: nobody can tell how its numbers were computed", remedy="choose a row with a protocol")
    found = subject.info.model.method
    if found not in methods_of(row):
        raise UserError(
            f"{name} is of {row.method}, and the weights are of {found}", remedy="give that method's weights"
        )
    plain, seen_plainly = row.test_time_augmentation == PLAIN, subject.inference.tag == PLAIN
    if plain != seen_plainly:
        raise UserError(
            f"{name} was computed with test-time augmentation {row.test_time_augmentation!r}, and here it is "
            f"{subject.inference.tag!r}",
            remedy="leave --scales, --flip and --window out"
            if plain
            else "say the same with --scales, --flip, --window",
        )


def _comparisons(row: PublishedRow, record: Record) -> Iterator[Comparison]:
    yield from _of(row.metrics, record.metrics, "{}")
    for label, numbers in row.per_class.items():
        yield from _of(numbers, record.per_class.get(label, {}), "{}:" + label)
    for subset, numbers in row.subsets.items():
        found = record.subsets.get(subset)
        yield from _of(numbers, {} if found is None else found.metrics, "{}@" + subset)


def _of(numbers: Numbers, found: Mapping[str, float | None], name: str) -> Iterator[Comparison]:
    for metric, number in numbers.items():
        yield Comparison(name.format(metric), number, found.get(metric))
