"""A small IR-TD of made-up rows: prepared, and as the JSON files that it was prepared from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset, recognise
from rgbtbench.shards.build import prepare
from rgbtbench.shards.manifest import read_manifest

SOURCE = dataset("irtd")
#: Samples of each split.
COUNTS = {
    "location": 12, "security": 3, "relationship": 4, "reid": 2, "recognition": 5, "detection": 6,
    "pedestrian_counting": 12, "aerial_counting": 11, "scene": 3,
}  # fmt: skip


def write_raw(folder: Path, counts: Mapping[str, int] = COUNTS) -> Path:
    SOURCE.fake(folder, SOURCE.layouts[0], counts, seed=5)
    return folder


def prepared(raw: Path, out: Path) -> Path:
    prepare(SOURCE, dataset_card("irtd"), raw, out, workers=1, allow_differences=True)
    return out


def right_answers(raw: Path) -> dict[str, tuple[str, str]]:
    """Key to task and answer as the files have it."""
    layout = recognise(SOURCE, raw)
    pairs = (SOURCE.pair(raw, layout, entry) for entry in SOURCE.entries(raw, layout))
    return {
        pair.entry.key: (str(pair.attributes["task"]), pair.labels["answer"].captions[0])  # type: ignore[union-attr]
        for pair in pairs
    }


def write_answers(path: Path, rows: Mapping[str, tuple[str, str]], *, keys: Iterable[str] | None = None) -> Path:
    lines = (
        json.dumps({"key": key, "task": rows[key][0], "answer": rows[key][1]}) + "\n"
        for key in (rows if keys is None else keys)
    )
    path.write_text("".join(lines))
    return path


def id_of(data: Path, name: str) -> str:
    """The id of a protocol of this data, which is no listed edition."""
    from rgbtbench.scoring.resolve import protocols_of

    (found,) = (one for one in protocols_of(read_manifest(data)) if one.partition("/")[2] == name)
    return found
