"""What published rows contradict: their own arithmetic, or each other. Each contradiction needs a `flag`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Final

from rgbtbench.cards import catalog
from rgbtbench.cards.protocol import Protocol
from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.leaderboard.published import UNKNOWN, Numbers, PublishedRow

#: Metric whose value overall is the mean over classes of the other.
_MEAN_OF: Final = {"miou": "iou", "macc": "acc", "ap": "ap", "ap50": "ap50", "ap75": "ap75"}
#: A sum, and the metric of each task that it adds up.
_SUM_OF: Final = {
    "psum": {
        "scene": "accuracy", "recognition": "accuracy", "grounding": "ap50", "relationship": "accuracy",
        "reid": "accuracy", "security": "accuracy",
    },
    "nsum": {"location": "location_mae", "aerial_counting": "count_mae", "pedestrian_counting": "count_mae"},
}  # fmt: skip
#: The first cannot be larger than the second, for the same predictions on the same classes.
_AT_MOST: Final = (
    ("ap", "ap50"), ("ap75", "ap50"), ("miou", "macc"), ("f_mean", "f_max"), ("e_mean", "e_max"),
)  # fmt: skip
#: Rows of two methods that share all of at least so many class or subset numbers were copied.
_MIN_SHARED: Final = 3


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """One contradiction.

    Attributes:
        rows: the row, or the rows that contradict each other.
        reason: what does not fit, with the numbers.
    """

    rows: tuple[PublishedRow, ...]
    reason: str

    @property
    def flagged(self) -> bool:
        """Whether the table admits it: any of the rows has a flag."""
        return any(row.flag for row in self.rows)


def find_inconsistencies(rows: Iterable[PublishedRow]) -> list[Inconsistency]:
    """Return every contradiction that arithmetic finds, flagged or not, in the order of the rows.

    Rounding is allowed for: a mean may differ from the mean of its printed parts by half a unit of the last digit of
    either. A row that prints all but one of the classes in its mean implies the value of the last, which must be
    possible.
    """
    rows = list(rows)
    found = [Inconsistency((row,), reason) for row in rows for reason in _own(row)]
    tables: dict[str, list[PublishedRow]] = defaultdict(list)
    for row in rows:
        tables[row.dataset].append(row)
    return found + [one for table in tables.values() for one in (*_copies(table), *_disagreements(table))]


def _own(row: PublishedRow) -> Iterator[str]:
    yield from _class_means(row)
    yield from _dataset_means(row)
    yield from _sums(row)
    for low, high in _AT_MOST:
        for numbers in (row.metrics, *row.subsets.values(), *row.per_class.values()):
            if low in numbers and high in numbers and numbers[low] > numbers[high]:
                yield f"{low} {numbers[low]} above {high} {numbers[high]}"


def _class_means(row: PublishedRow) -> Iterator[str]:
    for overall, part in _MEAN_OF.items():
        parts = {name: numbers[part] for name, numbers in row.per_class.items() if part in numbers}
        if overall not in row.metrics or not parts:
            continue
        for classes in _class_lists(row):
            missing = classes - parts.keys()
            if parts.keys() <= classes and len(missing) <= 1:
                yield from _misfit(overall, row.metrics[overall], list(parts.values()), len(classes), missing)
                break


def _misfit(
    metric: str, stated: Decimal, parts: Sequence[Decimal], count: int, missing: frozenset[str]
) -> Iterator[str]:
    allowed = (_half_unit([stated]) + _half_unit(parts)) * count
    rest = stated * count - sum(parts)
    if not missing and abs(rest) > allowed:
        yield f"printed {metric} {stated}, mean of the printed classes {sum(parts) / count:.2f}"
    if missing and not -allowed <= rest <= 100 + allowed:
        yield f"printed {metric} {stated} implies {rest} for {next(iter(missing))}"


def _dataset_means(row: PublishedRow) -> Iterator[str]:
    for metric, stated in row.metrics.items():
        parts = _of_subsets(row, "dataset", metric)
        mean = sum(parts, Decimal(0)) / len(parts) if parts else stated
        if parts and abs(mean - stated) > _half_unit([stated]) + _half_unit(parts):
            yield f"printed {metric} {stated}, mean of the printed datasets {mean:.2f}"


def _sums(row: PublishedRow) -> Iterator[str]:
    for total, tasks in _SUM_OF.items():
        parts = [row.subsets.get(f"task={task}", {}).get(metric) for task, metric in tasks.items()]
        numbers = [part for part in parts if part is not None]
        if total not in row.metrics or len(numbers) < len(tasks):
            continue
        allowed = _half_unit([row.metrics[total]]) + len(tasks) * _half_unit(numbers)
        if abs(sum(numbers) - row.metrics[total]) > allowed:
            yield f"printed {total} {row.metrics[total]}, sum of the printed tasks {sum(numbers)}"


def _of_subsets(row: PublishedRow, attribute: str, metric: str) -> list[Decimal]:
    return [
        numbers[metric]
        for name, numbers in row.subsets.items()
        if name.startswith(f"{attribute}=") and metric in numbers
    ]


def _half_unit(numbers: Iterable[Decimal]) -> Decimal:
    """Return half a unit of the last digit of the number with the fewest digits."""
    return max(Decimal(5).scaleb(int(number.as_tuple().exponent) - 1) for number in numbers)


def _class_lists(row: PublishedRow) -> Iterator[frozenset[str]]:
    """Return the classes in the mean of the row's protocol, or those of each of the dataset's if it is unknown."""
    if row.protocol != UNKNOWN:
        yield _classes_in_means(catalog.protocol(row.protocol))
    elif row.dataset in catalog.dataset_names():
        yield from dict.fromkeys(
            _classes_in_means(catalog.protocol(name)) for name in catalog.protocol_ids(row.dataset)
        )


def _classes_in_means(rules: Protocol) -> frozenset[str]:
    classes = catalog.dataset_card(rules.dataset).label_sets[rules.label_set].classes
    counted = rules.rules
    if not isinstance(counted, SegmentationRules):
        return frozenset(entry.name for entry in classes if entry.unified not in ("drop", "ignore"))
    left_out = {*counted.ignore_ids, *([] if counted.background == "included" else [0])}
    ids = {entry.id for entry in classes} if counted.classes is None else set(counted.classes)
    return frozenset(entry.name for entry in classes if entry.id in ids - left_out)


def _copies(table: Sequence[PublishedRow]) -> Iterator[Inconsistency]:
    """Find rows of different methods whose class or subset numbers are all the same."""
    for first, second in combinations(table, 2):
        parts = _parts(first)
        if first.method != second.method and len(parts) >= _MIN_SHARED and parts == _parts(second):
            yield Inconsistency((first, second), f"{len(parts)} numbers of {second.method} are those of {first.method}")


def _disagreements(table: Sequence[PublishedRow]) -> Iterator[Inconsistency]:
    """Find numbers that differ although nothing about the rows does."""
    groups: dict[tuple[object, ...], list[PublishedRow]] = defaultdict(list)
    for row in table:
        told_apart = (row.condition, row.test_time_augmentation, row.ablation)
        groups[row.method, row.variant, row.inputs, row.protocol, *told_apart].append(row)
    for group in groups.values():
        for first, second in combinations(group, 2):
            for metric in sorted(first.metrics.keys() & second.metrics.keys()):
                numbers = [first.metrics[metric], second.metrics[metric]]
                if abs(numbers[0] - numbers[1]) > _half_unit(numbers):
                    yield Inconsistency((first, second), f"{metric} is printed as {numbers[0]} and {numbers[1]}")


def _parts(row: PublishedRow) -> dict[str, Mapping[str, Decimal] | Numbers]:
    return {**row.per_class, **row.subsets}
