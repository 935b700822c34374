"""Percentile bootstrap over clusters of images (Efron & Tibshirani, 1993), from per-image statistics.

A resample draws as many clusters as there are, with replacement; a cluster drawn twice counts twice. So a resample is a
row of whole weights, and a metric that takes weights needs no image again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.protocol import IntervalRules
from rgbtbench.scoring.results import Interval

#: With fewer clusters the resamples are too few and too alike to say anything.
MIN_CLUSTERS: Final = 3
#: Resamples at a time: enough to amortise calls, few enough to stay in the cache.
_BLOCK: Final = 200
#: Weights at a time, so that the memory of many images does not grow with their number.
_WEIGHTS: Final = 2**20

#: Weights per image (R, N) to metric key to values (R,).
WeightedMetrics = Callable[[NDArray[np.float64]], Mapping[str, NDArray[np.float64]]]


def resampled_counts(clusters: int, *, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield how often each cluster is drawn, in blocks of resamples.

    The draws come from the raw PCG64 stream, which NumPy keeps stable over versions, so that a stored interval can be
    recomputed years later. Equal arguments give equal draws: two results on the same clusters are paired.

    Args:
        clusters: number of clusters K.
        resamples: number of resamples.
        seed: of the stream.

    Yields:
        float64 (r, K), whole numbers, rows sum to K; the r add up to `resamples`.
    """
    stream = np.random.PCG64(seed)
    block = max(1, min(_BLOCK, _WEIGHTS // max(clusters, 1)))
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        draws = (stream.random_raw(rows * clusters) % np.uint64(clusters)).astype(np.int64).reshape(rows, clusters)
        flat = draws + clusters * np.arange(rows)[:, None]
        yield np.bincount(flat.ravel(), minlength=rows * clusters).reshape(rows, clusters).astype(np.float64)


def resampled_values(
    metrics: WeightedMetrics, clusters: NDArray[np.int64], rules: IntervalRules
) -> dict[str, NDArray[np.float64]]:
    """Return every metric's value in every resample.

    Args:
        metrics: turns weights per image (R, N) into values (R,) per metric key.
        clusters: int (N,), the cluster of each image; any numbers.
        rules: resamples, level and seed; `rules.unit: image` lets each image stand alone.

    Returns:
        Metric key to float64 (R,). Metrics that some resample leaves undefined are left out; all are below
        `MIN_CLUSTERS` clusters.
    """
    members = cluster_index(clusters, rules)
    count = int(members.max(initial=-1)) + 1
    if count < MIN_CLUSTERS:
        return {}
    blocks = [
        metrics(counts[:, members]) for counts in resampled_counts(count, resamples=rules.resamples, seed=rules.seed)
    ]
    values = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    return {name: found for name, found in values.items() if np.isfinite(found).all()}


def bootstrap_intervals(
    metrics: WeightedMetrics, clusters: NDArray[np.int64], rules: IntervalRules
) -> dict[str, Interval]:
    """Return the interval of every metric; arguments and gaps are those of `resampled_values`."""
    found = resampled_values(metrics, clusters, rules)
    return {name: percentile_interval(values, rules.level) for name, values in found.items()}


def percentile_interval(values: NDArray[np.float64], level: float) -> Interval:
    """Return the interval that holds the share `level` of resampled values (R,), with equal tails."""
    low, high = np.quantile(values, ((1 - level) / 2, (1 + level) / 2))
    return Interval(low=float(low), high=float(high))


def cluster_numbers(keys: Sequence[str], clusters: Sequence[str | None]) -> NDArray[np.int64]:
    """Number the clusters of images in order of appearance, int64 (N,); an image without one is one of its own.

    Args:
        keys: of the images.
        clusters: of the same images.
    """
    units = [(cluster, "") if cluster is not None else (None, key) for key, cluster in zip(keys, clusters, strict=True)]
    numbers = {unit: number for number, unit in enumerate(dict.fromkeys(units))}
    return np.array([numbers[unit] for unit in units], np.int64)


def cluster_index(clusters: NDArray[np.int64], rules: IntervalRules) -> NDArray[np.int64]:
    """Return int64 (N,), the resampled unit of each image, numbered from 0 without gaps."""
    if rules.unit == "image":
        return np.arange(len(clusters))
    _, numbers = np.unique(clusters, return_inverse=True)
    return np.asarray(numbers, np.int64)
