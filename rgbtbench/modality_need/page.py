"""Which modality was needed as one self-contained page: a bar for every part, and the numbers below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rgbtbench.atomic_file import atomic_file
from rgbtbench.modality_need.analysis import Need, Part
from rgbtbench.modality_need.outcomes import MEANINGS
from rgbtbench.modality_need.tables import sentence, tables
from rgbtbench.webpage import render_page

#: The shares that add up to everything, from left to right.
_STACKED: Final = ("rgb_only", "either", "thermal_only", "neither")


@dataclass(frozen=True, slots=True)
class _Bar:
    """A part as a bar: begin, width and name of each piece in percent, and where fusion stands."""

    label: str
    count: int
    pieces: tuple[tuple[float, float, str], ...]
    fusion: float
    words: str


def write_page(found: Need, path: Path) -> None:
    """Write the page.

    Args:
        found: what was counted.
        path: a new file, or one to replace.
    """
    bars = {found.titles[name]: _bars(parts) for name, parts in found.parts.items()}
    text = render_page(
        "rgbtbench.modality_need",
        "need.html.j2",
        images=False,
        found=found,
        overall=_bars({"everything": found.overall}),
        bars=bars,
        names={name: MEANINGS[name] for name in _STACKED},
        tables=list(tables(found)),
        sentence=sentence(found),
    )
    with atomic_file(path) as file:
        file.write(text.encode())


def _bars(parts: Mapping[str, Part]) -> list[_Bar]:
    return [_bar(value, part) for value, part in parts.items() if part.count]


def _bar(label: str, part: Part) -> _Bar:
    shares = {name: value or 0.0 for name, value in part.shares.items()}
    begin, pieces = 0.0, []
    for name in _STACKED:
        pieces.append((round(begin, 2), round(shares[name], 2), name))
        begin += shares[name]
    words = ", ".join(f"{MEANINGS[name]}: {shares[name]:.1f} %" for name in (*_STACKED, "fusion", "gained", "lost"))
    return _Bar(label, part.count, tuple(pieces), round(shares["fusion"], 2), words)
