"""Scoring against the tools that define the numbers, on equal input; the numbers are compared before the clock runs."""

import numpy as np

from benchmarks.ratio import Ratio, compare
from rgbtbench.cards.protocol import IntervalRules
from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.scoring.intervals import bootstrap_intervals, resampled_counts
from rgbtbench.scoring.segmentation.confusion import confusion_matrix, segmentation_metrics

MASKS, HEIGHT, WIDTH, MASK_CLASSES = 20, 480, 640, 9
RESAMPLES = 200


def run() -> list[Ratio]:
    labels = np.random.default_rng(0).integers(0, MASK_CLASSES, (MASKS, HEIGHT, WIDTH), np.uint8)
    predictions = np.roll(labels, 3, axis=2)

    def our_confusion() -> np.ndarray:
        pairs = zip(labels, predictions, strict=True)
        return sum(confusion_matrix(label, mask, ids=range(MASK_CLASSES)) for label, mask in pairs)

    def reference_confusion() -> np.ndarray:
        return sum(histogram_2d(label, mask) for label, mask in zip(labels, predictions, strict=True))

    counts = np.random.default_rng(1).integers(0, 30_000, (393, MASK_CLASSES, MASK_CLASSES + 1))
    if not np.array_equal(our_confusion()[:, :-1], reference_confusion()):
        raise RuntimeError("the two confusion matrices differ")
    return [
        compare(
            f"confusion of {MASKS} masks of {WIDTH}x{HEIGHT}",
            our_confusion,
            reference_confusion,
            reference_name="numpy.histogram2d",
            goal=8.0,
        ),
        compare(
            f"mIoU intervals, {RESAMPLES} resamples of 393 images",
            lambda: vectorised_intervals(counts),
            lambda: looped_intervals(counts),
            reference_name="a loop over resamples",
            goal=2.0,
        ),
    ]


def histogram_2d(label: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    edges = np.arange(MASK_CLASSES + 1)
    return np.histogram2d(label.ravel(), prediction.ravel(), bins=(edges, edges))[0]


def vectorised_intervals(counts: np.ndarray) -> tuple[float, float]:
    flat, shape = counts.reshape(len(counts), -1).astype(float), counts.shape[1:]
    rules = SegmentationRules()

    def metrics(weights: np.ndarray) -> dict[str, np.ndarray]:
        return segmentation_metrics((weights @ flat).reshape(-1, *shape), ids=range(MASK_CLASSES), rules=rules)

    interval = bootstrap_intervals(metrics, np.arange(len(counts)), IntervalRules(resamples=RESAMPLES))["miou"]
    return interval.low, interval.high


def looped_intervals(counts: np.ndarray) -> tuple[float, float]:
    values = []
    for drawn in np.concatenate(list(resampled_counts(len(counts), resamples=RESAMPLES, seed=0))):
        total = counts[np.repeat(np.arange(len(counts)), drawn.astype(int))].sum(axis=0)
        hits = np.diag(total)
        values.append((hits / (total.sum(axis=1) + total[:, :-1].sum(axis=0) - hits)).mean())
    low, high = np.quantile(values, (0.025, 0.975))
    return 100 * float(low), 100 * float(high)
