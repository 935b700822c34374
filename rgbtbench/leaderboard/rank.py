"""Which rows stand together, which are ranked, and in what order.

Rows are compared only under the very same rules: a section is one protocol id with one hash of its rules.
Ranks count within a kind, because a number copied from a paper and a number measured here differ in who ran what.
One checkpoint is not a method: scored and measured rows are ranked as the mean of at least three seeds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from rgbtbench.cards import catalog
from rgbtbench.cards.protocol import Protocol
from rgbtbench.errors import UnknownNameError
from rgbtbench.leaderboard.entries import MIN_SEEDS, Entry, entries_of
from rgbtbench.leaderboard.published import UNKNOWN
from rgbtbench.leaderboard.records import Kind
from rgbtbench.leaderboard.rows import Row
from rgbtbench.scoring import metrics

KINDS: Final[tuple[Kind, ...]] = ("measured", "scored", "published")

#: `current`: the rules that the card holds now. `outdated`: an earlier or later version of them.
#: `foreign`: no card here has the protocol. `unknown`: nobody can tell how the numbers were computed.
State = Literal["current", "outdated", "foreign", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """All lines under the same rules, best first.

    Attributes:
        protocol: id, or `unknown`.
        dataset: name of the dataset, as far as it can be told.
        version, hash: of the rules; the hash is null where only a version is stated.
        rules: the rules themselves, where a card here has exactly these.
        state: how the rules relate to the cards.
        headline: metric by which the lines are ordered; null when no line has any.
        metrics: all metric keys, the headline first.
        classes: class names in the order of the card.
        subsets: attribute to its values, in the order of the card.
        entries: lines, best first; of an unknown protocol source by source; those of ablations last, study by study.
    """

    protocol: str
    dataset: str | None
    version: int | None
    hash: str | None
    rules: Protocol | None
    state: State
    headline: str | None
    metrics: tuple[str, ...]
    classes: tuple[str, ...]
    subsets: Mapping[str, tuple[str, ...]]
    entries: tuple[Entry, ...]

    def count(self, kind: Kind) -> int:
        """Number of lines of a kind."""
        return sum(entry.first.kind == kind for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """Sections, measured ones first and longer before shorter, and the rows that later records replace."""

    sections: tuple[Section, ...]
    superseded: tuple[Row, ...]


def leaderboard(rows: Iterable[Row]) -> Leaderboard:
    """Sort rows into sections and rank them."""
    rows = list(rows)
    replaced = {row.supersedes for row in rows if row.supersedes}
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if row.name not in replaced:
            groups[_section_key(row)].append(row)
    sections = [_section(group) for group in groups.values()]
    sections.sort(key=_prominence)
    return Leaderboard(tuple(sections), tuple(row for row in rows if row.name in replaced))


def _section_key(row: Row) -> tuple[str, ...]:
    if row.protocol == UNKNOWN:
        return (UNKNOWN, row.dataset or "")
    rules = _rules(row)
    # Published rows state a version; where the card still has it they stand beside records with the card's hash.
    return (row.protocol, catalog.protocol_hash(rules) if rules else row.protocol_hash or f"v{row.protocol_version}")


def _prominence(section: Section) -> tuple[object, ...]:
    kinds = [kind for kind in KINDS if section.count(kind)]
    return (
        section.state == UNKNOWN,
        KINDS.index(kinds[0]),
        section.dataset or "",
        -len(section.entries),
        section.protocol,
        section.hash or "",
    )


def _section(rows: Sequence[Row]) -> Section:
    first = rows[0]
    rules = _rules(first)
    entries = entries_of(rows)
    headline = rules.rules.headline if rules else _first_metric(entries)
    entries.sort(key=lambda entry: _order(entry, headline))
    if first.protocol != UNKNOWN and headline:
        entries = _ranked(entries, headline)
    present = {metric for entry in entries for metric in entry.metrics}
    return Section(
        protocol=first.protocol,
        dataset=rules.dataset if rules else first.dataset,
        version=first.protocol_version,
        hash=catalog.protocol_hash(rules) if rules else first.protocol_hash,
        rules=rules,
        state=_state(first, rules),
        headline=headline,
        metrics=tuple(sorted(present, key=lambda metric: (metric != headline, _table_order(metric), metric))),
        classes=_classes(entries, rules),
        subsets=_subsets(entries, rules),
        entries=tuple(entries),
    )


def _rules(row: Row) -> Protocol | None:
    """Return the card's rules when they are the very ones that the row was computed with."""
    for rules in _candidates(row):
        stated = row.protocol_version if row.protocol_hash is None else row.protocol_hash
        if stated == (rules.version if row.protocol_hash is None else catalog.protocol_hash(rules)):
            return rules
    return None


def _candidates(row: Row) -> Iterable[Protocol]:
    try:
        yield catalog.protocol(row.protocol)
    except UnknownNameError:
        # Data of a list that no card has carries the rules of the listed protocol under an id of its own.
        if row.dataset in catalog.dataset_names() and row.keys_sha256:
            for listed in catalog.protocol_ids(row.dataset):
                yield catalog.unlisted_protocol(catalog.protocol(listed), row.keys_sha256)


def _state(row: Row, rules: Protocol | None) -> State:
    if row.protocol == UNKNOWN:
        return "unknown"
    if rules:
        return "current"
    return "outdated" if row.protocol in catalog.protocol_ids() else "foreign"


def _order(entry: Entry, headline: str | None) -> tuple[object, ...]:
    row = entry.first
    figure = entry.metrics.get(headline or "")
    names = (row.method.casefold(), row.variant or "", row.name)
    if figure is None or headline is None:
        return (*_together(row), 1, 0.0, *names)
    best_first = -figure.value if metrics.METRICS[headline].better == "higher" else figure.value
    return (*_together(row), 0, best_first, *names)


def _together(row: Row) -> tuple[object, ...]:
    """Results before ablations; an ablation, and what nobody can compare, stays with the rest of its source."""
    if row.ablation is None:
        return (False, row.fact("source") or "" if row.protocol == UNKNOWN else "")
    place = (row.fact("source"), row.fact("where"), row.ablation)
    return (True, *(re.sub(r"\d+", lambda number: number[0].zfill(6), text or "") for text in place))


def _ranked(entries: Sequence[Entry], headline: str) -> list[Entry]:
    """Number the lines that claim a place; numbers that print alike share it."""
    digits = metrics.METRICS[headline].digits
    seen: dict[Kind, list[float]] = defaultdict(list)
    ranked = []
    for entry in entries:
        if not _claims_a_place(entry, headline):
            ranked.append(entry)
            continue
        better = seen[entry.first.kind]
        better.append(round(entry.metrics[headline].value, digits))
        ranked.append(replace(entry, rank=better.index(better[-1]) + 1))
    return ranked


def _claims_a_place(entry: Entry, headline: str) -> bool:
    one_checkpoint = entry.first.kind != "published" and len(entry.rows) < MIN_SEEDS
    return headline in entry.metrics and not one_checkpoint and entry.competes


def _table_order(metric: str) -> int:
    table = list(metrics.METRICS)
    return table.index(metric) if metric in table else len(table)


def _first_metric(entries: Iterable[Entry]) -> str | None:
    present = {metric for entry in entries for metric in entry.metrics}
    return min(present, key=_table_order, default=None)


def _classes(entries: Iterable[Entry], rules: Protocol | None) -> tuple[str, ...]:
    seen = dict.fromkeys(name for entry in entries for name in entry.per_class)
    listed: list[str] = []
    if rules:
        listed = [entry.name for entry in catalog.dataset_card(rules.dataset).label_sets[rules.label_set].classes]
    return _in_order(seen, listed)


def _subsets(entries: Iterable[Entry], rules: Protocol | None) -> dict[str, tuple[str, ...]]:
    values: dict[str, dict[str, None]] = defaultdict(dict)
    for entry in entries:
        for name in entry.subsets:
            attribute, _, value = name.partition("=")
            values[attribute][value] = None
    return {
        attribute: _in_order(values[attribute], _listed_values(attribute, rules))
        for attribute in _in_order(values, _reported(rules))
    }


def _listed_values(attribute: str, rules: Protocol | None) -> tuple[str, ...]:
    if rules is None:
        return ()
    card = catalog.dataset_card(rules.dataset)
    if attribute in card.label_sets:
        return tuple(entry.name for entry in card.label_sets[attribute].classes)
    return (card.attributes[attribute].values or ()) if attribute in card.attributes else ()


def _reported(rules: Protocol | None) -> tuple[str, ...]:
    """Attributes in order of interest: the first of the protocol, what divides the pixels, the others."""
    if rules is None:
        return ()
    strata = rules.rules.divided_by
    first, others = rules.report_by[:1], rules.report_by[1:]
    return (*first, *([strata] if strata else []), *others)


def _in_order(seen: Iterable[str], listed: Iterable[str]) -> tuple[str, ...]:
    """Return what was seen, in the card's order, then what the card does not list."""
    names = list(seen)
    known = [name for name in listed if name in names]
    return (*known, *(name for name in names if name not in known))
