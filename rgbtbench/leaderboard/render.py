"""The leaderboard as files: one page that needs no network, JSON, CSV, and the records that they point to."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from rgbtbench.atomic_file import atomic_file
from rgbtbench.cards.contamination import contaminations_of, in_words
from rgbtbench.cards.rules import Sentence
from rgbtbench.leaderboard import export, plots, store, tables
from rgbtbench.leaderboard.entries import Entry
from rgbtbench.leaderboard.make_rows import row_of_published, row_of_record
from rgbtbench.leaderboard.naming import label, section_title
from rgbtbench.leaderboard.published import read_published
from rgbtbench.leaderboard.rank import KINDS, Leaderboard, Section, leaderboard
from rgbtbench.leaderboard.records import Kind
from rgbtbench.leaderboard.rows import MARKS, Row
from rgbtbench.leaderboard.wording import rules_in_words
from rgbtbench.outputs import claim_folder
from rgbtbench.webpage import render_page

KIND_MEANING: Final[dict[Kind, str]] = {
    "measured": "trained and evaluated with rgbtbench",
    "scored": "somebody else's predictions or weights, scored with rgbtbench",
    "published": "copied from a paper or README; nothing was run",
}
_STATE_MEANING: Final = {
    "outdated": "These rows were computed under another version of the rules than the card holds now.",
    "foreign": "No card here holds this protocol, so its rules cannot be shown.",
    "unknown": "Nobody can tell how these numbers were computed. They are listed and never ranked.",
}


@dataclass(frozen=True, slots=True)
class Site:
    """Files that `build` wrote, and what they show."""

    page: Path
    json: Path
    csv: Path
    board: Leaderboard


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the main table as the template shows it."""

    anchor: str
    entry: Entry
    name: str
    summary: str
    facts: tuple[Sentence, ...]
    rows: tuple[Row, ...]
    cells: tuple[tables.Cell, ...]

    @property
    def target(self) -> str:
        """Where the line's numbers come from: its record, or the list of records of a seed group."""
        return quote(self.rows[0].address) if len(self.rows) == 1 else f"#{self.anchor}"


@dataclass(frozen=True, slots=True)
class _Part:
    """One section as the template shows it."""

    anchor: str
    title: str
    section: Section
    summary: str
    rules: tuple[Sentence, ...]
    contaminations: tuple[str, ...]
    plot: plots.Plot | None
    subset_plots: list[plots.Plot]
    main: tables.Grid
    lines: tuple[_Line, ...]
    classes: tables.Grid
    subsets: tables.Grid

    @property
    def ranked(self) -> bool:
        """Whether any line claims a place."""
        return any(entry.rank for entry in self.section.entries)


def build(records: Path, published: Path, out: Path) -> Site:
    """Write the leaderboard of a folder of records and a folder of published tables.

    `out` gets `index.html`, `leaderboard.json`, `leaderboard.csv`, and copies of the records (with their statistics)
    and tables that they link to, so that it can be moved or served as it is. The same input gives the same bytes.

    Args:
        records: folder of record files; may be absent.
        published: folder of published tables; may be absent.
        out: folder to write: new, empty, or written by this before; `records` and `published` may lie in it.

    Raises:
        RecordError: a record or table is damaged.
        UserError: `out` is a file, or holds other things.
    """
    stored = store.read_records(records)
    rows = [row_of_record(record, name) for name, record in stored.items()]
    rows += [row_of_published(entry) for entry in read_published(published)]
    board = leaderboard(rows)
    lying_there = [folder.name for folder in (records, published) if folder.resolve().parent == out.resolve()]
    claim_folder(out, "leaderboard build", besides=lying_there)
    site = Site(out / "index.html", out / "leaderboard.json", out / "leaderboard.csv", board)
    _copy(records, [f"{name}{ending}" for name in stored for ending in (".json", ".npz")], out / "records")
    _copy(published, [path.name for path in published.glob("*.csv")], out / "published")
    _write(site.json, json.dumps(export.to_json(board), indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    _write(site.csv, export.to_csv(board))
    _write(site.page, page(board))
    return site


def page(board: Leaderboard) -> str:
    """Return the leaderboard as one HTML page; links to records are relative to it."""
    present = {entry.first.kind for section in board.sections for entry in section.entries}
    marks = {mark for section in board.sections for entry in section.entries for mark in entry.marks}
    return render_page(
        "rgbtbench.leaderboard",
        "index.html.j2",
        images=False,
        parts=[_part(section, place) for place, section in enumerate(board.sections, 1)],
        kinds=[(kind, KIND_MEANING[kind]) for kind in KINDS if kind in present],
        marks=MARKS,
        legend=[MARKS[mark] for mark in MARKS if mark in marks],
        superseded=board.superseded,
    )


def _part(section: Section, place: int) -> _Part:
    anchor = f"section-{place}-{_slug(section_title(section))}"
    main = tables.main_grid(section)
    summary = section.rules.summary if section.rules else _STATE_MEANING[section.state]
    return _Part(
        anchor=anchor,
        title=section_title(section),
        section=section,
        summary=summary,
        rules=rules_in_words(section.rules) if section.rules else (),
        contaminations=_contaminations(section),
        plot=plots.headline_plot(section),
        subset_plots=plots.subset_plots(section),
        main=main,
        lines=tuple(
            _line(entry, cells, f"{anchor}-{number}")
            for number, (entry, cells) in enumerate(zip(section.entries, main.lines, strict=True), 1)
        ),
        classes=tables.class_grid(section),
        subsets=tables.subset_grid(section),
    )


def _contaminations(section: Section) -> tuple[str, ...]:
    """What not to train on, or to say so, before one is evaluated under these rules."""
    if section.rules is None:
        return ()
    known = contaminations_of(section.rules.dataset, section.rules.split, section.rules.edition)
    return tuple(in_words(entry, held) for entry, held in known)


def _line(entry: Entry, cells: tuple[tables.Cell, ...], anchor: str) -> _Line:
    # Runs of a group differ in a few facts only: those are shown per record, the rest once.
    shared = tuple(fact for fact in entry.first.facts if all(fact in row.facts for row in entry.rows))
    return _Line(
        anchor=anchor,
        entry=entry,
        name=label(entry),
        summary=_summary(entry),
        facts=shared,
        rows=entry.rows,
        cells=cells,
    )


def _summary(entry: Entry) -> str:
    """What a reader asks first: where a published number comes from, how a measured one was trained."""
    facts = dict(reversed(entry.first.facts))
    asked = ("source",) if entry.first.kind == "published" else ("training data", "checkpoint selection", "fidelity")
    stated = [
        f"trained on {facts[label]}" if label == "training data" else facts[label] for label in asked if label in facts
    ]
    return " · ".join(stated if entry.first.kind == "published" else [entry.standing, *stated])


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _write(path: Path, text: str) -> None:
    with atomic_file(path) as file:
        file.write(text.encode())


def _copy(folder: Path, names: Iterable[str], to: Path) -> None:
    """Copy the files that are there, unless `to` is where they are already."""
    for name in names:
        source, target = folder / name, to / name
        if source.is_file() and source.resolve() != target.resolve():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
