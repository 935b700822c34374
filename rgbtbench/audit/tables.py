"""An audit as tables of plain text, for a terminal; the page shows the same with pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from rgbtbench.audit.audit import Audit, SplitAudit
from rgbtbench.audit.fault_table import fault_lines, samples_by_severity
from rgbtbench.audit.faults import KINDS
from rgbtbench.audit.id_matches import IdComparison
from rgbtbench.audit.imbalance import StructureSummary
from rgbtbench.audit.label_statistics import LabelStatistics
from rgbtbench.audit.registration import OffsetSummary
from rgbtbench.audit.twins import LIKENESSES
from rgbtbench.cards.contamination import RELATIONS

Cells = list[object]
Summary = TypeVar("Summary")

#: Breakdowns by attributes with more values than this are left to the page and to JSON.
_MOST_VALUES: Final = 4
_LONGEST: Final = 70
#: Steps of the terminal's histogram; the page and JSON have four times as many.
_CMSS_STEPS: Final = 5


@dataclass(frozen=True, slots=True)
class Table:
    """A table: a name for programs, a title above it, headings, and rows of as many cells."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: Sequence[Cells]


def tables(found: Audit) -> Iterator[Table]:
    """Yield the tables of an audit; those without a row are left out."""
    labels = [label_table(one, own) for one in found.splits for own in one.labels]
    yield from (table for table in (*leading_tables(found), *labels) if table.rows)


def leading_tables(found: Audit) -> tuple[Table, ...]:
    """Return the tables that are of all splits: what was audited, faults, duplicates, ids, registration, structure."""
    return (
        _splits(found),
        _faults(found),
        _duplicates(found),
        _by_id(found.by_id),
        _registration(found.splits),
        _structure(found.splits),
    )


def _splits(found: Audit) -> Table:
    rows: list[Cells] = []
    for one in found.splits:
        data, repeated = one.measures.data, one.redundancy
        refused = sum(entry.split == data.name for entry, _ in found.refused[data.store.root])
        frames = f"{repeated.repeated} of {repeated.samples}" if repeated.samples else ""
        counts = samples_by_severity(one.measures.faults).values()
        rows.append([one.measures.title, len(one.measures), refused, *counts, frames])
    columns = ("split", "pairs", "refused", "errors", "warnings", "notes", "frames like the one before")
    return Table("audited", "audited: pairs with faults, by severity", columns, rows)


def _faults(found: Audit) -> Table:
    rows: list[Cells] = [
        [
            line.facts.severity,
            line.facts.title,
            line.where,
            one.measures.title,
            len(line.samples),
            _shortened(f"{one.measures.data.keys[line.samples[0]]}: {line.details[0]}"),
        ]
        for one in found.splits
        for line in fault_lines(one.measures.faults)
    ]
    rows += [
        ["error", KINDS[fault.kind].title, "", entry.split, 1, _shortened(f"{entry.key}: {fault.detail}")]
        for entries in found.refused.values()
        for entry, fault in entries
    ]
    return Table("faults", "faults", ("severity", "fault", "where", "split", "pairs", "first"), rows)


def _duplicates(found: Audit) -> Table:
    titles = [one.title for one in found.samples.splits]
    rows: list[Cells] = []
    for join in found.joins:
        one, other = (titles[place] for place in join.splits)
        counts = [_two_sided(join.images[name], within=one == other) for name in LIKENESSES]
        keys = " ~ ".join(found.samples.key(int(sample)) for sample in found.twins.pairs[int(join.pairs[0])])
        rows.append([one, "itself" if one == other else other, *counts, keys])
    for (first, second), clusters in found.shared_clusters.items():
        rows.append([titles[first], titles[second], "", "", "", f"{len(clusters)} clusters in both: {clusters[0]}"])
    columns = ("split", "shares with", "same pixels", "near-duplicates", "one modality alike", "closest")
    groups = f"{len(found.groups):,} group{'' if len(found.groups) == 1 else 's'}"
    title = f"duplicates: {groups} of whole pairs; samples of the one and of the other split"
    return Table("duplicates", title, columns, rows)


def _two_sided(counts: tuple[int, int], *, within: bool) -> str:
    if counts == (0, 0):
        return ""
    return str(counts[0]) if within else f"{counts[0]} and {counts[1]}"


def _by_id(comparisons: Iterable[IdComparison]) -> Table:
    rows: list[Cells] = []
    for one in comparisons:
        counts = [one.count(relation) for relation in RELATIONS]
        total = len(one.evaluated.ids)
        held = ", ".join(f"{count:,} {relation}" for relation, count in one.training_images.items())
        rows.append([one.evaluated.title, total, one.training.title, *counts, held, _percent(sum(counts), total)])
    columns = ("evaluated", "images", "held against", *RELATIONS, "images of the other set", "share")
    return Table("by_id", "found by id", columns, rows)


def _registration(splits: Iterable[SplitAudit]) -> Table:
    rows: list[Cells] = [
        [title, f"{found.second} on {found.first}", *_offsets(summary)]
        for one in splits
        for found in one.registrations
        for title, summary in _broken_down(one.measures.title, found.overall, found.by_attribute)
    ]
    columns = ("split", "modality", "pairs", "reliable", "median", "90 %", "common x, y", "standard error")
    return Table("registration", "registration, in pixels", columns, rows)


def _offsets(summary: OffsetSummary) -> Cells:
    if summary.median is None or summary.x is None or summary.y is None:
        return [summary.samples, "none", "", "", "", ""]
    return [
        summary.samples,
        _percent(summary.reliable, summary.samples),
        f"{summary.median:.1f}",
        f"{summary.high:.1f}",
        f"{summary.x:+z.1f}, {summary.y:+z.1f}",
        f"{summary.spread:.1f}",
    ]


def _structure(splits: Iterable[SplitAudit]) -> Table:
    rows: list[Cells] = [
        [title, f"{found.first} and {found.second}", *_shares(summary)]
        for one in splits
        for found in one.imbalances
        for title, summary in _broken_down(one.measures.title, found.overall, found.by_attribute)
    ]
    columns = ("split", "modalities", "both", "first alone", "second alone", "neither", "balance", "CMSS (light)")
    return Table("structure", "where structure shows", columns, rows)


def cmss_table(splits: Iterable[SplitAudit]) -> Table:
    """Return how the cells of each split are spread over CMSS (light), in shares of all."""
    steps = [f"{place / _CMSS_STEPS:g} to {(place + 1) / _CMSS_STEPS:g}" for place in range(_CMSS_STEPS)]
    rows: list[Cells] = []
    for one in splits:
        for found in one.imbalances:
            cells = np.array(found.histogram).reshape(_CMSS_STEPS, -1).sum(axis=1)
            shares = [f"{100 * count / max(1, cells.sum()):.1f} %" for count in cells.tolist()]
            rows.append([one.measures.title, f"{found.first} and {found.second}", *shares])
    return Table("cmss", "cells by CMSS (light)", ("split", "modalities", *steps), rows)


def _shares(summary: StructureSummary) -> Cells:
    shares = (summary.both, summary.first, summary.second, summary.neither)
    balance = "" if summary.balance is None else f"{summary.balance:+.2f}"
    cmss = "" if summary.cmss is None else f"{summary.cmss:.3f}"
    return [*("" if share is None else f"{100 * share:.0f} %" for share in shares), balance, cmss]


def label_table(one: SplitAudit, labels: LabelStatistics) -> Table:
    """Return the classes of one label set of a split."""
    attribute, values = next(_small(labels.by_attribute), ("", {}))
    boxes = labels.kind == "boxes"
    rows: list[Cells] = []
    for entry in labels.classes:
        own: Cells = [entry.boxes, *entry.scales, _number(entry.median_height)] if boxes else [_share(entry.pixels)]
        rows.append([entry.name, entry.images, *own, *(shown.get(entry.name, 0) for shown in values.values())])
    own_columns = ("boxes", "small", "medium", "large", "median height") if boxes else ("pixels",)
    by = tuple(f"{attribute.replace('_', ' ')} {value}" for value in values)
    title = f"{one.measures.title} {labels.label_set}: {labels.empty:,} of {labels.images:,} images are empty"
    return Table("labels", title, ("class", "images", *own_columns, *by), rows)


def _broken_down(
    title: str, overall: Summary, by_attribute: Mapping[str, Mapping[str, Summary]]
) -> Iterator[tuple[str, Summary]]:
    """Yield the title with the summary of all samples, then each value of the small attributes with its own."""
    yield title, overall
    for attribute, values in _small(by_attribute):
        for value, summary in values.items():
            yield f"  {attribute.replace('_', ' ')} {value}", summary


def _small(by_attribute: Mapping[str, Mapping[str, Summary]]) -> Iterator[tuple[str, Mapping[str, Summary]]]:
    return ((name, values) for name, values in by_attribute.items() if 2 <= len(values) <= _MOST_VALUES)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f} %"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
