"""The file of a device as the tables that documentation shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_MISSING = "–"


def tables(content: Mapping[str, Any]) -> str:
    """Return the tables in Markdown."""
    return "\n".join([*_networks(content["results"]), "", *_comparisons(content["comparisons"])]) + "\n"


def _networks(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield (
        "| network | size | batch | trained pairs/s | compiled | training, GB | latency, ms (p10, p90) | compiled "
        "| predicted pairs/s | compiled | predicting, GB |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for name, modes in results.items():
        plain, compiled = modes.get("plain", {}), modes.get("compiled", {})
        training, prediction = plain.get("training", {}), plain.get("prediction", {})
        memory = prediction.get("peak_memory_bytes", {}).get(str(prediction.get("batch_size")))
        cells = [
            name,
            "{}x{}".format(*plain["size"]) if "size" in plain else _MISSING,
            str(training.get("batch_size", _MISSING)),
            _number(training.get("pairs_per_second")),
            _number(compiled.get("training", {}).get("pairs_per_second")),
            _gigabytes(training.get("peak_memory_bytes")),
            _latency(prediction),
            _number(compiled.get("prediction", {}).get("latency_ms", {}).get("median")),
            _number(prediction.get("pairs_per_second")),
            _number(compiled.get("prediction", {}).get("pairs_per_second")),
            _gigabytes(memory),
        ]
        yield f"| {' | '.join(cells)} |"


def _comparisons(comparisons: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "| comparison | size | batch | network | step, ms | times the reference | quartiles |"
    yield "|---|---|---|---|---|---|---|"
    for name, found in comparisons.items():
        for variant, side in found.get("variants", {}).items():
            low, high = side["quartiles"]
            size = "{}x{}".format(*found["size"])
            figures = f"{side['step_ms']:.1f} | {side['times_the_reference']:.3f} | {low:.3f} to {high:.3f}"
            yield f"| {name} | {size} | {found['batch_size']} | {variant} | {figures} |"


def _latency(prediction: Mapping[str, Any]) -> str:
    found = prediction.get("latency_ms")
    return f"{found['median']:.1f} ({found['p10']:.1f}, {found['p90']:.1f})" if found else _MISSING


def _gigabytes(value: int | None) -> str:
    return _MISSING if value is None else f"{value / 1e9:.1f}"


def _number(value: float | None) -> str:
    return _MISSING if value is None else f"{value:.0f}" if value >= 100 else f"{value:.1f}"
