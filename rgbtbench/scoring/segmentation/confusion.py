"""Semantic segmentation: one integer confusion matrix per image, and the metrics that follow from their sum.

IoU and accuracy follow Long et al. (CVPR 2015): counts are summed over all images before anything is divided.
The conventions in which published tools differ (absent classes, background, ignored pixels) come from the protocol.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.errors import CardError, LabelError, PredictionError
from rgbtbench.labels import IGNORE

Counts = NDArray[np.int64] | NDArray[np.float64]
_PERCENT = 100.0
_BACKGROUND_ID = 0
#: OpenCV counts pairs several times faster than NumPy, but in float32, which holds whole numbers up to here.
_MOST_COUNTED: Final = 1 << 24


def confusion_matrix(
    label: NDArray[np.uint8],
    prediction: NDArray[np.uint8],
    *,
    ids: Sequence[int],
    ignore_ids: Collection[int] = (IGNORE,),
) -> NDArray[np.int64]:
    """Count label against prediction over the pixels of one image (or of any arrays of equal shape).

    Args:
        label: uint8, any shape; native ids, ignored ids or `IGNORE`.
        prediction: uint8 of the same shape. A predicted ignore value is allowed: it is wrong wherever a class is
            labelled, so that abstaining never shrinks a denominator.
        ids: the C class ids, ascending.
        ignore_ids: labels that are not scored; may name a class, whose labels are then not scored either.

    Returns:
        int64 (C, C + 1): rows are labels, columns predictions, both in the order of `ids`; the last column counts
        pixels whose prediction is no class.

    Raises:
        PredictionError: shapes differ, or a predicted value is neither a class nor an ignore value.
        LabelError: a labelled value is neither a class nor an ignore value.
    """
    if label.shape != prediction.shape:
        raise PredictionError(
            f"the prediction has shape {prediction.shape}",
            expected=f"that of the label, {label.shape}",
            remedy="write predictions at the size of the label",
        )
    pairs = _pixels_by_pair(label.ravel(), prediction.ravel())
    unscored = sorted({*ignore_ids, IGNORE} - set(ids))
    known = [*ids, *unscored]
    among_known = pairs[np.ix_(known, known)]
    if among_known.sum() != label.size:
        _refuse_unknown(pairs.sum(axis=0), known, "predicted", PredictionError)
        _refuse_unknown(pairs.sum(axis=1), known, "labelled", LabelError)
    classes = len(ids)
    counts = np.column_stack([among_known[:classes, :classes], among_known[:classes, classes:].sum(axis=1)])
    counts[np.isin(ids, list(ignore_ids))] = 0
    return counts


def _pixels_by_pair(label: NDArray[np.uint8], prediction: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return int64 (256, 256): pixels by label and prediction, given (n,) of each."""
    import cv2

    pairs = np.zeros((256, 256), np.int64)
    for start in range(0, label.size, _MOST_COUNTED):
        part = [values[start : start + _MOST_COUNTED] for values in (label, prediction)]
        counted = cv2.calcHist(part, [0, 1], None, [256, 256], [0, 256, 0, 256])
        pairs += counted.astype(np.int64)
    return pairs


def _refuse_unknown(
    pixels: NDArray[np.int64], known: Sequence[int], what: str, error: type[PredictionError | LabelError]
) -> None:
    left = pixels.copy()
    left[list(known)] = 0
    if left.any():
        values = np.flatnonzero(left).tolist()
        raise error(
            f"{what} ids {', '.join(map(str, values[:8]))} are no classes ({int(left.sum())} pixels)",
            expected=f"ids among {', '.join(map(str, sorted(known)))}",
            remedy="write native class ids, not palette colours or training ids",
        )


def apply_background(confusion: Counts, *, ids: Sequence[int], rules: SegmentationRules) -> Counts:
    """Return a copy of the counts without the pixels that the background rule takes out.

    `ignored` empties the row of class 0: its labelled pixels count nowhere, predictions of 0 elsewhere stay wrong.
    `deleted` empties row and column: pixels predicted as background leave the comparison too.

    Args:
        confusion: (..., C, C + 1) as `confusion_matrix` returns it.
        ids: the C class ids.
        rules: the protocol's rules.

    Raises:
        CardError: the rule treats class 0 apart, and there is no class 0.
    """
    if rules.background == "included":
        return confusion
    if _BACKGROUND_ID not in ids:
        raise CardError(
            f"background: {rules.background} needs a class with id {_BACKGROUND_ID}", remedy="write `included`"
        )
    at = list(ids).index(_BACKGROUND_ID)
    kept = confusion.copy()
    if rules.background in ("ignored", "deleted"):
        kept[..., at, :] = 0
    if rules.background == "deleted":
        kept[..., :, at] = 0
    return kept


def classes_in_means(ids: Sequence[int], rules: SegmentationRules) -> NDArray[np.bool_]:
    """Return bool (C,): the classes over which means run; absent ones among them are a matter of `rules.absent`.

    Raises:
        CardError: `rules.classes` names an id that is no class.
    """
    chosen = set(ids) if rules.classes is None else set(rules.classes)
    if chosen - set(ids):
        raise CardError(f"classes: {sorted(chosen - set(ids))} are no class ids", expected=f"among {sorted(ids)}")
    chosen -= set(rules.ignore_ids)
    if rules.background != "included":
        chosen.discard(_BACKGROUND_ID)
    return np.isin(ids, sorted(chosen))


def class_metrics(confusion: Counts, rules: SegmentationRules) -> dict[str, NDArray[np.float64]]:
    """Return IoU, accuracy (recall) and F1 (Dice) of every class in percent, NaN where they say nothing.

    IoU and F1 say nothing of a class that is not labelled (`absent: gt_present`), or neither labelled nor predicted
    (`union`, `zero` and `one`); accuracy says nothing of a class that is not labelled.

    Args:
        confusion: (..., C, C + 1), after `apply_background`.
        rules: the protocol's rules.

    Returns:
        `iou`, `acc` and `f1`, each float64 (..., C).
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1).astype(np.float64)
    labelled = confusion.sum(axis=-1).astype(np.float64)
    predicted = confusion[..., :-1].sum(axis=-2).astype(np.float64)
    scored = labelled > 0 if rules.absent == "gt_present" else labelled + predicted > 0
    return {
        "iou": _percent(hits, labelled + predicted - hits, scored),
        "acc": _percent(hits, labelled, labelled > 0),
        "f1": _percent(2 * hits, labelled + predicted, scored),
    }


def segmentation_metrics(
    confusion: Counts,
    *,
    ids: Sequence[int],
    rules: SegmentationRules,
    reference: Counts | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Turn summed counts into mIoU and its relatives, in percent.

    Args:
        confusion: (..., C, C + 1) counts, or weighted counts of bootstrap resamples.
        ids: the C class ids.
        rules: the protocol's rules.
        reference: (C, C + 1) counts of the whole set that `confusion` is a resample of. It fixes the list of
            classes in the means; a class that a resample happens to leave without pixels keeps the reference's
            value there, so that no resample gains by losing a hard class.

    Returns:
        `miou`, `macc`, `aacc`, `fwiou` and `f1`, each float64 (...); NaN where no class is left.
    """
    counts = apply_background(confusion, ids=ids, rules=rules)
    chosen = classes_in_means(ids, rules)
    values = class_metrics(counts, rules)
    if reference is not None:
        whole = class_metrics(apply_background(reference, ids=ids, rules=rules), rules)
        values = {name: np.where(np.isnan(value), whole[name], value) for name, value in values.items()}
    if rules.absent in ("zero", "one"):
        filling = 0.0 if rules.absent == "zero" else _PERCENT
        values = {name: np.nan_to_num(value, nan=filling) for name, value in values.items()}
    frequency = np.where(chosen, counts.sum(axis=-1), 0.0)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    return {
        "miou": _mean(values["iou"], chosen),
        "macc": _mean(values["acc"], chosen),
        "aacc": _percent(hits.sum(axis=-1), counts.sum(axis=(-2, -1)), counts.sum(axis=(-2, -1)) > 0),
        "fwiou": _weighted_mean(values["iou"], frequency),
        "f1": _mean(values["f1"], chosen),
    }


def stratum_metrics(
    hits: Counts,
    labelled: Counts,
    *,
    ids: Sequence[int],
    rules: SegmentationRules,
    reference: tuple[Counts, Counts] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Return mean class recall and pixel accuracy inside a part of the pixels, in percent.

    IoU is not defined there: a false positive belongs to the stratum of its pixel, not of the object it imitates.

    Args:
        hits: (..., C) correct pixels per class.
        labelled: (..., C) labelled pixels per class; a class without any is left out of the mean.
        ids: the C class ids.
        rules: the protocol's rules.
        reference: the same two of the whole set, (C,), for resamples; see `segmentation_metrics`.

    Returns:
        `macc` and `aacc`, each float64 (...).
    """
    recall = _percent(hits, labelled, labelled > 0)
    if reference is not None:
        found, there = reference
        recall = np.where(np.isnan(recall), _percent(found, there, there > 0), recall)
    total = labelled.sum(axis=-1)
    return {
        "macc": _mean(recall, classes_in_means(ids, rules)),
        "aacc": _percent(hits.sum(axis=-1), total, total > 0),
    }


def _percent(part: Counts, whole: Counts, defined: NDArray[np.bool_]) -> NDArray[np.float64]:
    safe = np.where(defined, whole, 1)
    return np.where(defined, _PERCENT * part / safe, np.nan)


def _mean(values: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    return _weighted_mean(values, np.broadcast_to(chosen, values.shape).astype(np.float64))


def _weighted_mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.where(np.isnan(values), 0.0, weights)
    total = weights.sum(axis=-1)
    filled = np.where(total > 0, total, 1.0)
    return np.where(total > 0, (np.nan_to_num(values, nan=0.0) * weights).sum(axis=-1) / filled, np.nan)
