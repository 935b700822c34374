"""The leaderboard as one HTML page: what stands on it, in which groups, and what is shown without a click."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from urllib.parse import quote

from rgbtbench.cards.contamination import contaminations_of, in_words
from rgbtbench.cards.rules import Sentence
from rgbtbench.leaderboard import plots, tables
from rgbtbench.leaderboard.entries import Entry
from rgbtbench.leaderboard.listed_names import dataset_title
from rgbtbench.leaderboard.naming import label, named_inputs, section_title
from rgbtbench.leaderboard.rank import KINDS, Leaderboard, Section
from rgbtbench.leaderboard.records import Kind
from rgbtbench.leaderboard.rows import MARKS, Row
from rgbtbench.leaderboard.wording import rules_in_words
from rgbtbench.webpage import render_page

KIND_MEANING: Final[dict[Kind, str]] = {
    "measured": "trained and evaluated with rgbtbench",
    "scored": "somebody else's predictions or weights, scored with rgbtbench",
    "published": "copied from a paper or README; nothing was run",
}
_STATE_MEANING: Final = {
    "outdated": "These rows were computed under another version of the rules than the card holds now.",
    "foreign": "No card here holds this protocol, so its rules cannot be shown.",
    "unknown": "Nobody can tell how these numbers were computed, or no protocol here does it so. They are listed by "
    "source and never ranked.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table.

    Attributes:
        anchor: its id on the page.
        entry: the rows behind it.
        name: method, variant and condition.
        inputs: modalities, where lines differ in them and they do not go without saying.
        heading: what it and the lines below have in common, above the first of them.
        summary: what a reader asks first.
        flag: how its source contradicts itself or another.
        facts: all that is known, shared by its rows.
        cells: its numbers in the main table.
    """

    anchor: str
    entry: Entry
    name: str
    inputs: str | None
    heading: str | None
    summary: str
    flag: str | None
    facts: tuple[Sentence, ...]
    cells: tuple[tables.Cell, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """The row, or the group's rows by seed."""
        return self.entry.rows

    @property
    def target(self) -> str:
        """Where the line's numbers come from: its record, or the list of records of a seed group."""
        return quote(self.rows[0].address) if len(self.rows) == 1 else f"#{self.anchor}"


@dataclass(frozen=True, slots=True)
class Part:
    """One section."""

    anchor: str
    title: str
    section: Section
    summary: str
    rules: tuple[Sentence, ...]
    contaminations: tuple[str, ...]
    plot: plots.Plot | None
    subset_plots: list[plots.Plot]
    main: tables.Grid
    lines: tuple[Line, ...]
    classes: tables.Grid
    subsets: tables.Grid

    @property
    def ranked(self) -> bool:
        """Whether any line claims a place."""
        return any(entry.rank for entry in self.section.entries)

    @property
    def results(self) -> list[Line]:
        """Lines of methods themselves."""
        return [line for line in self.lines if line.entry.first.ablation is None]

    @property
    def studies(self) -> list[Line]:
        """Lines of ablation studies."""
        return [line for line in self.lines if line.entry.first.ablation is not None]


@dataclass(frozen=True, slots=True)
class Group:
    """All sections of a dataset."""

    anchor: str
    title: str
    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """The title without what explains it."""
        return self.title.partition(":")[0]

    def open(self, part: Part) -> bool:
        """Whether a section's tables are shown at once: unknown protocols give way to known ones."""
        return part.section.state != "unknown" or all(other.section.state == "unknown" for other in self.parts)


def page(board: Leaderboard) -> str:
    """Return the leaderboard as one HTML page; links to records are relative to it."""
    present = {entry.first.kind for section in board.sections for entry in section.entries}
    marks = {mark for section in board.sections for entry in section.entries for mark in entry.marks}
    return render_page(
        "rgbtbench.leaderboard",
        "index.html.j2",
        images=False,
        groups=_groups(board.sections),
        kinds=[(kind, KIND_MEANING[kind]) for kind in KINDS if kind in present],
        marks=MARKS,
        legend=[MARKS[mark] for mark in MARKS if mark in marks],
        superseded=board.superseded,
    )


def _groups(sections: Sequence[Section]) -> list[Group]:
    """Bring the sections of a dataset together, datasets in the order of their most prominent section."""
    order = list(dict.fromkeys(section.dataset for section in sections))
    together = sorted(sections, key=lambda section: order.index(section.dataset))
    return [
        Group(f"dataset-{_slug(name or 'none')}", dataset_title(name) if name else "No dataset", tuple(map(_part, own)))
        for name, own in groupby(together, key=lambda section: section.dataset)
    ]


def _part(section: Section) -> Part:
    known = section.state != "unknown"
    anchor = _slug(f"{section_title(section)} {section.hash[:8] if section.hash else section.version or ''}")
    main = tables.main_grid(section)
    summary = section.rules.summary if section.rules else _STATE_MEANING[section.state]
    return Part(
        anchor=anchor,
        title=section.protocol if known else "unknown protocol",
        section=section,
        summary=summary,
        rules=rules_in_words(section.rules) if section.rules else (),
        contaminations=_contaminations(section),
        plot=plots.headline_plot(section) if known else None,
        subset_plots=plots.subset_plots(section) if known else [],
        main=main,
        lines=tuple(_lines(section, main, anchor)),
        classes=tables.class_grid(section),
        subsets=tables.subset_grid(section),
    )


def _contaminations(section: Section) -> tuple[str, ...]:
    """What not to train on, or to say so, before one is evaluated under these rules."""
    if section.rules is None:
        return ()
    rules = section.rules
    known = (pair for split in rules.splits for pair in contaminations_of(rules.dataset, split, rules.edition))
    return tuple(dict.fromkeys(in_words(entry, held) for entry, held in known))


def _lines(section: Section, main: tables.Grid, anchor: str) -> Iterable[Line]:
    above: str | None = None
    together = zip(section.entries, named_inputs(section.entries), main.lines, strict=True)
    for number, (entry, inputs, cells) in enumerate(together, 1):
        heading = _heading(entry)
        # Runs of a group differ in a few facts only: those are shown per record, the rest once.
        shared = tuple(fact for fact in entry.first.facts if all(fact in row.facts for row in entry.rows))
        yield Line(
            anchor=f"{anchor}-{number}",
            entry=entry,
            name=label(entry),
            inputs=inputs,
            heading=heading if heading != above else None,
            summary=_summary(entry),
            flag=entry.first.fact("inconsistent"),
            facts=shared,
            cells=cells,
        )
        above = heading


def _heading(entry: Entry) -> str | None:
    row = entry.first
    if row.ablation is not None:
        return f"{row.ablation}: {row.fact('source')}, {row.fact('where')}"
    return row.fact("source") if row.protocol == "unknown" else None


def _summary(entry: Entry) -> str:
    """What a reader asks first: where a published number comes from, how a measured one was trained."""
    row = entry.first
    if row.ablation is not None:
        return row.fact("note") or "details"
    if row.kind == "published":
        where, note = row.fact("where"), row.fact("note")
        stated = [where, note] if row.protocol == "unknown" else [f"{row.fact('source')}, {where}" if where else None]
        return " · ".join(part for part in stated if part) or "details"
    training = row.fact("training data")
    stated = [training and f"trained on {training}", row.fact("checkpoint selection"), row.fact("fidelity")]
    return " · ".join(part for part in (entry.standing, *stated) if part)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
