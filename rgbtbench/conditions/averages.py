"""Means over conditions: mPC and rPC of corruptions, EMM of missing modalities, means of misregistration.

All of them are functions of results by condition; a result that is missing or undefined leaves out the means that it
belongs to. Michaelis et al., arXiv 1907.07484 (mPC, rPC); arXiv 2503.18445 (EMM and its expectation).
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from rgbtbench.cards.corruptions import corruptions
from rgbtbench.conditions.condition import Condition
from rgbtbench.conditions.steps import Corrupt, Misregistration, Missing

#: Probabilities with which each camera fails, of arXiv 2503.18445.
PROBABILITIES: Final = (0.2, 0.1, 0.05)
#: Means that are shares of the clean result; all others have the metric's unit.
SHARES: Final = frozenset({"rpc", "retention"})

#: Condition to one metric.
Results = Mapping[Condition, float]
Means = dict[str, dict[str, float]]


def retention(value: float | None, clean: float | None) -> float | None:
    """Return how much of the clean result is left: 1 for all; None where one is undefined or the clean one is 0."""
    return None if value is None or not clean else value / clean


def corruption_means(results: Results, clean: float) -> Means:
    """Return `<modality>/<set>` to `mpc`, the mean over severities and then over corruptions, and `rpc` of clean."""
    by_corruption: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for condition, value in results.items():
        match condition.steps:
            case (Corrupt(modality, corruption, _),):
                by_corruption[modality, corruptions()[corruption].set][corruption].append(value)
    means: Means = {}
    for (modality, group), severities in by_corruption.items():
        mean = statistics.fmean(statistics.fmean(values) for values in severities.values())
        means[f"{modality}/{group}"] = _with_ratio("mpc", "rpc", mean, clean)
    return means


def subset_means(results: Results, clean: float, inputs: Sequence[str]) -> Means:
    """Return each fill to its means over all sets of inputs that may be missing but all of them.

    `avg` is the plain mean, `e0.2` and others the expectation when each input fails with that probability, given that
    one is left. Fills of which a subset lacks its result have no means.

    Args:
        results: condition to metric.
        clean: the metric with all inputs.
        inputs: M modalities that the model is fed.
    """
    by_fill: dict[str, dict[frozenset[str], float]] = defaultdict(dict)
    for condition, value in results.items():
        fills = {str(step).partition("/")[2] if isinstance(step, Missing) else None for step in condition.steps}
        if len(fills) == 1 and (fill := fills.pop()) is not None:
            by_fill[fill][condition.modalities] = value
    means: Means = {}
    for fill, subsets in by_fill.items():
        if len(subsets) == 2 ** len(inputs) - 2:
            values = {frozenset[str](): clean, **subsets}
            means[fill] = {"avg": statistics.fmean(values.values())} | {
                f"e{probability:g}": _expectation(values, probability, len(inputs)) for probability in PROBABILITIES
            }
    return means


def misregistration_means(results: Results, clean: float) -> Means:
    """Return `<kind>:<modality>` to the plain `mean` over its steps, and `retention` of clean."""
    by_kind: dict[str, list[float]] = defaultdict(list)
    for condition, value in results.items():
        if len(condition.steps) == 1 and isinstance(condition.steps[0], Misregistration):
            by_kind[str(condition).partition("/")[0]].append(value)
    return {kind: _with_ratio("mean", "retention", statistics.fmean(values), clean) for kind, values in by_kind.items()}


def _expectation(values: Mapping[frozenset[str], float], probability: float, inputs: int) -> float:
    weights = {gone: probability ** len(gone) * (1 - probability) ** (inputs - len(gone)) for gone in values}
    return sum(weights[gone] * value for gone, value in values.items()) / sum(weights.values())


def _with_ratio(name: str, ratio_name: str, mean: float, clean: float) -> dict[str, float]:
    ratio = retention(mean, clean)
    return {name: mean} if ratio is None else {name: mean, ratio_name: ratio}
