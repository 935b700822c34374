"""From sums over samples to the numbers of one task, for many weightings of the samples at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules.language import AnswerKind, LanguageRules
from rgbtbench.scoring.language.boxes import average_precision
from rgbtbench.scoring.language.judged import WITHIN

Floats = NDArray[np.float64]
#: Column of a task's n samples by name, float64 (n,); one that no answer gave is not there.
Columns = Callable[[str], Floats]
_PERCENT = 100.0


def task_numbers(weights: Floats, columns: Columns, kind: AnswerKind, rules: LanguageRules) -> dict[str, Floats]:
    """Return the metrics of one task but average precision, which `grounding` has; the task's own number comes first.

    Args:
        weights: (R, n), how often each sample counts.
        columns: of the n samples.
        kind: what was asked for.
        rules: of the protocol.

    Returns:
        Metric key to float64 (R,), NaN where no sample counts.
    """
    authors = rules.reading == "authors"
    found: dict[str, Floats] = {}
    match kind:
        case "count":
            found = _counting(weights * columns("parsed") if authors else weights, columns)
        case "points":
            found = _locations_of_authors(weights, columns) if authors else _locations(weights, columns)
        case "box":
            found = {"recall": _PERCENT * _mean(weights, columns("found"))} if authors else {}
        case _:
            found = {"accuracy": _PERCENT * _mean(weights, columns("correct"))}
    return {**found, "parse_rate": _PERCENT * _mean(weights, columns("parsed"))}


def _counting(weights: Floats, columns: Columns) -> dict[str, Floats]:
    errors = columns("error")
    return {"count_mae": _mean(weights, errors), "count_rmse": np.sqrt(_mean(weights, errors**2))}


def _locations(weights: Floats, columns: Columns) -> dict[str, Floats]:
    found = {"location_mae": _mean(weights, columns("distance"))}
    stated, true = weights @ columns("stated"), weights @ columns("true")
    for within in WITHIN:
        pairs = weights @ columns(f"pairs_{within}")
        found[f"location_f1_{within}"] = _PERCENT * _ratio(2 * pairs, stated + true)
    pairs = weights @ columns(f"pairs_{WITHIN[0]}")
    return found | {
        "location_precision": _PERCENT * _ratio(pairs, stated),
        "location_recall": _PERCENT * _ratio(pairs, true),
    }


def _locations_of_authors(weights: Floats, columns: Columns) -> dict[str, Floats]:
    """Without any match the distances are 0, the best there is; without any point stated precision is 1."""
    distances, pairs = columns("distance"), columns(f"pairs_{WITHIN[0]}")
    matched, stated, true = weights @ pairs, weights @ columns("stated"), weights @ columns("true")
    with_match = np.asarray(pairs > 0, np.float64)
    means = distances / np.maximum(pairs, 1.0)
    precision = np.where(stated > 0, _ratio(matched, stated), 1.0)
    recall = _ratio(matched, true)
    return {
        "location_mae": np.nan_to_num(_ratio(weights @ means, weights @ with_match)),
        "location_distance": np.nan_to_num(_ratio(weights @ distances, matched)),
        f"location_f1_{WITHIN[0]}": _PERCENT * np.nan_to_num(_ratio(2 * precision * recall, precision + recall)),
        "location_precision": _PERCENT * precision,
        "location_recall": _PERCENT * recall,
    }


def class_precisions(
    weights: Floats, hits: NDArray[np.bool_], columns: Mapping[str, Floats], members: NDArray[np.bool_]
) -> Floats:
    """Return the average precision of each class in percent, NaN for one without a sample.

    Args:
        weights: (R, n).
        hits: (n, K), which of the boxes at each place find a true box.
        columns: `stated` and `true` boxes of the n samples.
        members: (C, n), samples of each class.

    Returns:
        float64 (R, C).
    """
    places = np.arange(hits.shape[1]) < columns["stated"][:, None]
    precisions = []
    for inside in members:
        counted = weights[:, inside]
        hit, stated = counted @ hits[inside].astype(np.float64), counted @ places[inside].astype(np.float64)
        precisions.append(average_precision(hit, stated, counted @ columns["true"][inside]))
    return _PERCENT * np.stack(precisions, axis=-1)


def _mean(weights: Floats, values: Floats) -> Floats:
    return _ratio(weights @ values, weights.sum(axis=-1))


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)
