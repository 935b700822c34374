"""The leaderboard as files: one page that needs no network, JSON, CSV, and the records that they point to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rgbtbench.atomic_file import atomic_file
from rgbtbench.leaderboard import export, store
from rgbtbench.leaderboard.make_rows import row_of_published, row_of_record
from rgbtbench.leaderboard.page import page
from rgbtbench.leaderboard.published import read_published
from rgbtbench.leaderboard.rank import Leaderboard, leaderboard
from rgbtbench.outputs import claim_folder


@dataclass(frozen=True, slots=True)
class Site:
    """Files that `build` wrote, and what they show."""

    page: Path
    json: Path
    csv: Path
    board: Leaderboard


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
