"""An audit as one self-contained page: tables, pictures of what was found, charts and heat maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rgbtbench.atomic_file import atomic_file
from rgbtbench.audit.audit import Audit, SplitAudit
from rgbtbench.audit.charts import Histogram, Stack, histogram, stack
from rgbtbench.audit.cmss_maps import CmssMaps
from rgbtbench.audit.cmss_part import map_part
from rgbtbench.audit.fault_table import FaultLine, fault_lines
from rgbtbench.audit.heat_maps import heat_map
from rgbtbench.audit.imbalance import StructureSummary
from rgbtbench.audit.joins import Join
from rgbtbench.audit.label_statistics import HEIGHTS, LabelStatistics
from rgbtbench.audit.registration import STEPS, Registration
from rgbtbench.audit.structure import BINS
from rgbtbench.audit.tables import Table, label_table, leading_tables
from rgbtbench.audit.thumbnails import Shown, edge_pictures, sample_pictures
from rgbtbench.webpage import render_page

#: Pictures of each finding.
_EXAMPLES: Final = 6


@dataclass(frozen=True, slots=True)
class _Example:
    """A sample as the page shows it."""

    key: str
    detail: str
    pictures: list[Shown]


@dataclass(frozen=True, slots=True)
class _FaultPart:
    """A kind of fault at one place, with its first samples."""

    line: FaultLine
    split: str
    examples: list[_Example]


@dataclass(frozen=True, slots=True)
class _JoinPart:
    """Two splits that share samples, with the closest pairs."""

    title: str
    pairs: list[tuple[_Example, _Example]]


@dataclass(frozen=True, slots=True)
class _EdgePart:
    """A sample whose modalities lie apart: as it is, and moved by the estimate."""

    key: str
    detail: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class _RegistrationPart:
    """The offsets of one modality of a split."""

    title: str
    chart: Histogram | None
    farthest: list[_EdgePart]


@dataclass(frozen=True, slots=True)
class _StructurePart:
    """Where one modality of a split and the first show structure."""

    title: str
    names: tuple[str, ...]
    stacks: list[Stack]
    chart: Histogram | None


@dataclass(frozen=True, slots=True)
class _LabelPart:
    """The labels of one set of a split."""

    table: Table
    charts: list[Histogram]
    heat_maps: list[tuple[str, str, str]]


def write_page(found: Audit, path: Path, *, maps: Sequence[Sequence[CmssMaps]] = ()) -> None:
    """Write the page of an audit; the same audit gives the same bytes; arguments are those of `page`."""
    with atomic_file(path) as file:
        file.write(page(found, maps=maps).encode())


def page(found: Audit, *, maps: Sequence[Sequence[CmssMaps]] = ()) -> str:
    """Return the page of an audit.

    Args:
        found: what to show.
        maps: of CMSS, for each split; none to leave them out.
    """
    datasets = dict.fromkeys(one.measures.data.manifest.dataset for one in found.splits)
    lists = dict.fromkeys(one.evaluated.dataset for one in found.by_id)
    return render_page(
        "rgbtbench.audit",
        "audit.html.j2",
        images=False,
        title=", ".join({**datasets, **lists}) or "nothing",
        tables={table.name: table for table in leading_tables(found)},
        faults=[part for one in found.splits for part in _faults(one)],
        groups=found.groups,
        joins=[_join(found, join) for join in found.joins],
        registrations=[_registration(one, part) for one in found.splits for part in one.registrations],
        structures=[part for one in found.splits for part in _structures(one)],
        maps=[map_part(one, part) for one, parts in zip(found.splits, maps, strict=False) for part in parts],
        labels=[_labels(one, labels) for one in found.splits for labels in one.labels],
        known=found.known,
    )


def _faults(one: SplitAudit) -> list[_FaultPart]:
    measures = one.measures
    parts = []
    for line in fault_lines(measures.faults):
        boxes_of = line.where if line.kind.startswith("box-") else None
        examples = [
            _Example(measures.data.keys[row], detail, sample_pictures(measures, row, boxes_of=boxes_of))
            for row, detail in list(zip(line.samples, line.details, strict=True))[:_EXAMPLES]
        ]
        parts.append(_FaultPart(line, measures.title, examples))
    return parts


def _join(found: Audit, join: Join) -> _JoinPart:
    samples, twins = found.samples, found.twins
    titles = [samples.splits[place].title for place in dict.fromkeys(join.splits)]
    pairs = []
    for pair in join.pairs[:_EXAMPLES].tolist():
        apart = ", ".join(f"{name} {int(bits[pair])} bits" for name, bits in twins.bits.items() if bits[pair] < 255)
        sides = []
        for sample in twins.pairs[pair].tolist():
            split = samples.splits[int(samples.split[sample])]
            pictures = sample_pictures(split, int(samples.row[sample]))
            sides.append(_Example(f"{split.title} {samples.key(sample)}", apart, pictures))
        pairs.append((sides[0], sides[1]))
    return _JoinPart(" and ".join(titles) if len(titles) > 1 else f"within {titles[0]}", pairs)


def _registration(one: SplitAudit, found: Registration) -> _RegistrationPart:
    measures = one.measures
    columns = measures.offsets[found.second]
    farthest = []
    for row in found.farthest[:_EXAMPLES]:
        before, after = edge_pictures(measures, row, found.second)
        # The offset moves the other modality onto the first; it lies by the opposite beside it.
        detail = f"{-columns.x[row]:+z.1f}, {-columns.y[row]:+z.1f} pixels, give or take {columns.spread[row]:.1f}"
        farthest.append(_EdgePart(measures.data.keys[row], detail, before, after))
    percent = [f"{100 * step:g}" for step in STEPS]
    chart = histogram(
        f"{found.second} on {found.first}",
        found.lengths,
        percent,
        caption="offset in percent of the longer side, reliable pairs only",
        spoken=[f"from {step} %" for step in percent],
    )
    return _RegistrationPart(f"{measures.title}, {found.second} on {found.first}", chart, farthest)


def _structures(one: SplitAudit) -> list[_StructurePart]:
    parts = []
    for found in one.imbalances:
        rows = [("all", found.overall)]
        for attribute, values in found.by_attribute.items():
            if len(values) > 1:
                rows += [(f"{attribute.replace('_', ' ')} {value}", summary) for value, summary in values.items()]
        chart = histogram(
            "CMSS (light)",
            found.histogram,
            [f"{place / BINS:g}" if place % 5 == 0 else "" for place in range(BINS)],
            caption="low: structure, or modalities that differ; high: flat and alike; cells of all pairs",
            spoken=[f"from {place / BINS:g}" for place in range(BINS)],
        )
        names = ("both", f"{found.first} alone", f"{found.second} alone", "neither")
        stacks = [stack(label, _shares(summary)) for label, summary in rows if summary.samples]
        parts.append(_StructurePart(f"{one.measures.title}, {found.first} and {found.second}", names, stacks, chart))
    return parts


def _shares(summary: StructureSummary) -> tuple[float, ...]:
    return tuple(share or 0.0 for share in (summary.both, summary.first, summary.second, summary.neither))


def _labels(one: SplitAudit, labels: LabelStatistics) -> _LabelPart:
    charts: list[Histogram | None] = []
    if labels.kind == "boxes":
        steps = [str(height) for height in HEIGHTS]
        heights = [sum(column) for column in zip(*(entry.heights for entry in labels.classes), strict=True)]
        charts.append(histogram("height of boxes", heights, steps, caption="pixels; the last bar is of all beyond"))
        numbers = [str(number) if number % 5 == 0 else "" for number in range(len(labels.per_image))]
        spoken = [f"{number} boxes" for number in range(len(labels.per_image))]
        charts.append(
            histogram("boxes per image", labels.per_image, numbers, caption="boxes in an image", spoken=spoken)
        )
    maps = []
    for entry in labels.classes:
        if entry.heat.any():
            most = f"at most {entry.heat.max():,.0f} {'boxes' if labels.kind == 'boxes' else 'images'} in a cell"
            maps.append((entry.name, heat_map(entry.heat), most))
    return _LabelPart(label_table(one, labels), [chart for chart in charts if chart is not None], maps)
