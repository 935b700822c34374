"""The released questions of IR-TD, and made-up answers to them with all faults that the authors' scripts survive."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ARCHIVE = Path(__file__).parents[3] / ".." / "shared" / "samples" / "irtd" / "json_sft.zip"
needs_released = pytest.mark.skipif(not ARCHIVE.is_file(), reason="the released files of IR-TD are not at ../shared")
NUMBER = re.compile(r"\d+")


@cache
def rows(name: str) -> list[tuple[str, str, str]]:
    """Id, question and answer of each row of one file."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        text = archive.read(f"json_sft/{name}.json").decode()
    found = list(_objects(text))
    return [(row["id"], row["conversations"][0]["value"], row["conversations"][1]["value"]) for row in found]


def answers(name: str) -> list[str]:
    """One answer for each row of a file; which fault it has follows from its place."""
    labels = [label for _, _, label in rows(name)]
    make = {"Detection": _boxes, "Location": _points, "AerialCounting": _count, "PedestrianCounting": _count}
    return [make.get(name, _text)(label, labels[at - 1], at) for at, label in enumerate(labels)]


def _text(label: str, other: str, at: int) -> str:
    return [label, f" {label}\n", f"{label}.", label.upper(), label[:3], other, f"The answer is {label}", label][at % 8]


def _count(label: str, other: str, at: int) -> str:
    number = int(NUMBER.search(label)[0])
    return [
        label,
        f"<num>{number + at % 11}</num>",
        f"about {number}",
        f"There are <num>{max(number - 7, 0)}</num>, not {other}",
        "<num> 5 </num>",
        other,
    ][at % 6]


def _boxes(label: str, other: str, at: int) -> str:
    x1, y1, x2, y2 = map(int, NUMBER.findall(label))
    width, height = x2 - x1, y2 - y1
    box = f"{x1 + width * (at % 5) // 8}, {y1}, {x2}, {y2 + height * (at % 3) // 4}"
    return [
        label,
        f"[[{box}]]",
        f"<box>[[{box}",
        f"[[0, 0, {2 * x2}, {2 * y2}], [{box}]]",
        f"The box is ({box}), that is [[{box}]].",
        other,
        f"[[{box}], [{box}], [{x1}, {y1}, {x2}, {y2}]]",
    ][at % 7]


def _points(label: str, other: str, at: int) -> str:
    numbers = list(map(int, NUMBER.findall(label)))
    moved = [
        (x + (at + 3 * place) % 13 - 6, y + (at + 5 * place) % 9 - 4)
        for place, (x, y) in enumerate(zip(numbers[::2], numbers[1::2], strict=True))
    ]
    return [
        label,
        f"<pos>{moved}</pos>",
        f"<pos>{moved[1:]}</pos>",
        f"<pos>{[*moved, (500, 500)]}</pos>",
        f"<pos>{[list(point) for point in moved]}</pos>",
        f"{moved}",
        f"<pos>{moved}\n</pos>",
        other,
        f"<pos>{moved[::-1]}</pos> or <pos>[]</pos>",
    ][at % 9]


def _objects(text: str) -> Iterator[dict]:
    if text.lstrip().startswith("["):
        yield from json.loads(text)
        return
    decoder, stream = json.JSONDecoder(), io.StringIO(text).getvalue()
    at = 0
    while match := re.compile(r"[\s,]*(?=\{)").match(stream, at):
        row, at = decoder.raw_decode(stream, match.end())
        yield row
