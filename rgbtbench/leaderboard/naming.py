"""How sections, lines and metrics are named, and how many digits a figure is written with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rgbtbench.leaderboard.entries import Entry
from rgbtbench.leaderboard.rank import Section
from rgbtbench.leaderboard.rows import Figure
from rgbtbench.scoring import metrics

_USUAL_INPUTS: Final = "rgb+lwir"


def section_title(section: Section) -> str:
    """The protocol's id; for an unknown protocol the dataset as well."""
    if section.state == "unknown":
        return f"{section.dataset}: protocol unknown" if section.dataset else "protocol unknown"
    return section.protocol


def label(entry: Entry) -> str:
    """Method, variant and condition of a line."""
    row = entry.first
    condition = None if row.condition == "none" else f"({row.condition})"
    return " ".join(part for part in (row.method, row.variant, condition) if part)


def named_inputs(entries: Sequence[Entry]) -> list[str | None]:
    """Return what tells lines apart that differ in their inputs: `rgb+hha`; null where it goes without saying."""
    differ = len({entry.first.inputs for entry in entries}) > 1
    joined = ["+".join(entry.first.inputs) for entry in entries]
    return [
        inputs if differ and inputs not in (_USUAL_INPUTS, entry.first.variant) else None
        for inputs, entry in zip(joined, entries, strict=True)
    ]


def metric_title(metric: str) -> str:
    """The metric as people write it: `mIoU`; a key that no table knows stands for itself."""
    facts = metrics.METRICS.get(metric)
    return facts.title if facts else metric


def axis_title(metric: str) -> str:
    """The metric with its unit: `mIoU, %`."""
    facts = metrics.METRICS.get(metric)
    return f"{facts.title}, %" if facts and facts.unit == "percent" else metric_title(metric)


def number(figure: Figure, metric: str) -> str:
    """The figure's value with the digits of its source, or else of its metric."""
    return f"{figure.value:.{_digits(figure, metric)}f}"


def extent(figure: Figure, metric: str) -> str:
    """The figure's interval or spread in words; empty where it has neither."""
    digits = _digits(figure, metric)
    if figure.spread is not None:
        return f"± {figure.spread:.{digits}f}"
    if figure.low is not None and figure.high is not None:
        return f"{figure.low:.{digits}f} to {figure.high:.{digits}f}"
    return ""


def _digits(figure: Figure, metric: str) -> int:
    if figure.digits is not None:
        return figure.digits
    return metrics.METRICS[metric].digits if metric in metrics.METRICS else 3
