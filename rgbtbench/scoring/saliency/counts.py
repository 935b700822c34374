"""Statistics of salient object detection: what is kept of all images, and the numbers that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import SaliencyRules
from rgbtbench.scoring.family import Arrays, Classes, Counts, Measure
from rgbtbench.scoring.results import Curve
from rgbtbench.scoring.saliency.image import ImageStatistics, Measured
from rgbtbench.scoring.saliency.packing import pack, unpack
from rgbtbench.scoring.saliency.scores import scores_of

_LEVELS: Final = 256
#: Images that are turned into curves at once.
_AT_ONCE: Final = 256
#: In the order in which results show them.
_METRICS: Final = (
    *("s_measure", "mae", "e_max", "e_mean", "e_adaptive"),
    *("f_max", "f_mean", "f_adaptive", "f_weighted"),
)
_NUMBERS: Final = ("mae", "s_measure", "e_adaptive", "f_adaptive", "f_weighted")
_CURVES: Final = ("e_curve", "f_curve", "precision", "recall")
_AVERAGED: Final = (*_NUMBERS, "e_curve", "f_curve")
#: What an image without foreground has no part in where the rules leave it out.
_OF_FOREGROUND: Final = ("f_adaptive", "f_curve", "precision", "recall")
_MEASURED: Final = ("mae", "e_adaptive", "f_adaptive")


@dataclass(frozen=True)
class SaliencyCounts(Counts[SaliencyRules]):
    """Statistics of N images.

    Attributes:
        images: one entry per image.
        scaled: bool (N,), masks of 0 and 1 that were taken as 0 and 255.
    """

    images: tuple[ImageStatistics, ...]
    scaled: NDArray[np.bool_]
    _tables: dict[SaliencyRules, Mapping[str, NDArray[np.float64]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """See `Counts.to_arrays`."""
        histograms = np.array([image.histogram for image in self.images], np.int64).reshape(-1, _LEVELS, 2)
        lengths, digits = pack(histograms.ravel())
        measured = {at: image.measured for at, image in enumerate(self.images) if image.measured is not None}
        values = [[getattr(entry, name) for name in _MEASURED] for entry in measured.values()]
        curves = [entry.e_curve for entry in measured.values() if entry.e_curve is not None]
        return {
            "histogram_lengths": lengths.reshape(histograms.shape),
            "histogram_digits": digits,
            "s_measure": np.array([image.s_measure for image in self.images], np.float64),
            "f_weighted": np.array([image.f_weighted for image in self.images], np.float64),
            "scaled": self.scaled,
            "measured_images": np.array(list(measured), np.int64),
            "measured_parts": np.array([entry.parts for entry in measured.values()], np.int64),
            "measured_values": np.array(values, np.float64).reshape(-1, len(_MEASURED)),
            "measured_e_curves": np.array(curves, np.float64),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """See `Counts.from_arrays`."""
        lengths = arrays["histogram_lengths"].astype(np.uint8).ravel()
        histograms = unpack(lengths, arrays["histogram_digits"].astype(np.uint8)).reshape(-1, _LEVELS, 2)
        curves = iter(arrays["measured_e_curves"].astype(np.float64))
        entries = (arrays[f"measured_{name}"].tolist() for name in ("images", "parts", "values"))
        measured = {
            at: Measured(parts, mae, e_adaptive, f_adaptive, next(curves) if parts > 1 else None)
            for at, parts, (mae, e_adaptive, f_adaptive) in zip(*entries, strict=True)
        }
        numbers = zip(histograms, arrays["s_measure"].tolist(), arrays["f_weighted"].tolist(), strict=True)
        images = (
            ImageStatistics(histogram, s_measure, f_weighted, measured.get(at))
            for at, (histogram, s_measure, f_weighted) in enumerate(numbers)
        )
        return cls(tuple(images), arrays["scaled"].astype(np.bool_))

    def measure(self, rules: SaliencyRules, classes: Classes, images: NDArray[np.bool_]) -> Measure:
        """Return means over images; maximum and mean over thresholds are those of the mean curve."""
        means = _Means({name: values[images] for name, values in self._table(rules).items() if name in _AVERAGED})

        def measured(weights: NDArray[np.float64], resampled: bool) -> dict[str, NDArray[np.float64]]:
            of = means.weighted(weights)
            found = {name: of[name][:, 0] for name in _NUMBERS}
            for letter in ("e", "f"):
                curve = of[f"{letter}_curve"]
                found |= {f"{letter}_max": curve.max(axis=1), f"{letter}_mean": curve.mean(axis=1)}
            return {name: found[name] for name in _METRICS}

        return measured

    def curves(self, rules: SaliencyRules, classes: Classes) -> dict[str, Curve]:
        """Return mean precision over mean recall, and mean F and E over thresholds from 0 to 1."""
        means = _Means({name: self._table(rules)[name] for name in _CURVES}).weighted(np.ones((1, len(self.images))))
        points = {name: tuple(curve[0].tolist()) for name, curve in means.items()}
        points["threshold"] = tuple((np.arange(rules.thresholds) / (rules.thresholds - 1)).tolist())
        return {
            name: Curve(x_name=x, y_name=name.rpartition("_")[2], x=points[x], y=points[y])
            for name, x, y in (
                ("recall_precision", "recall", "precision"),
                ("threshold_f", "threshold", "f_curve"),
                ("threshold_e", "threshold", "e_curve"),
            )
            if np.isfinite(points[y]).all()
        }

    def notes(self, rules: SaliencyRules, classes: Classes) -> tuple[str, ...]:
        """Say what is unusual about the masks."""
        scaled = int(self.scaled.sum())
        empty = sum(not image.histogram[:, 1].any() for image in self.images)
        found = (
            (scaled, f"masks of 0 and 1, whose 1 is taken as foreground: {scaled}"),
            (empty, f"masks without foreground: {empty}; {rules.of_empty_masks}"),
        )
        return tuple(note for count, note in found if count)

    def _table(self, rules: SaliencyRules) -> Mapping[str, NDArray[np.float64]]:
        """Return numbers (N,) and curves (N, T) of all images; NaN in images that have no part in a mean."""
        if rules not in self._tables:
            parts = [
                scores_of(self.images[start : start + _AT_ONCE], rules)
                for start in range(0, len(self.images), _AT_ONCE)
            ]
            table = {name: np.concatenate([getattr(part, name) for part in parts]) for name in (*_NUMBERS, *_CURVES)}
            if rules.empty_truth == "skip":
                without = ~np.concatenate([part.has_foreground for part in parts])
                for name in _OF_FOREGROUND:
                    table[name][without] = np.nan
            self._tables[rules] = table
        return self._tables[rules]


class _Means:
    """Means over images as functions of how often each counts.

    Args:
        table: name to values, float64 (n,) of numbers and (n, T) of curves; NaN in images that have no part in a mean.
    """

    def __init__(self, table: Mapping[str, NDArray[np.float64]]) -> None:
        columns = {name: values.reshape(len(values), -1) for name, values in table.items()}
        self._ends = dict(zip(columns, np.cumsum([values.shape[1] for values in columns.values()]), strict=True))
        joined = np.concatenate(list(columns.values()), axis=1)
        self._values = np.nan_to_num(joined, nan=0.0)
        self._takes_part = np.stack([~np.isnan(values[:, 0]) for values in columns.values()], axis=1).astype(np.float64)

    def weighted(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return name to means, float64 (R, 1) or (R, T), given weights (R, n); NaN where no image takes part."""
        sums, totals = weights @ self._values, weights @ self._takes_part
        found, start = {}, 0
        for at, (name, end) in enumerate(self._ends.items()):
            total = np.where(totals[:, at] > 0, totals[:, at], np.nan)
            found[name], start = sums[:, start:end] / total[:, None], end
        return found
