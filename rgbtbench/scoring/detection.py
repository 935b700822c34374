"""Detection: boxes are matched once per image, as pycocotools matches them; what follows needs no box again.

The rules are those of `COCOeval.evaluateImg`: per class and image the best-scored detections in turn take the free
ground truth with the highest IoU at or above the threshold; regions to ignore come last and may be taken many times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.predictions.boxes import BoxTable

#: IoU thresholds 0.50 to 0.95 and recall levels 0 to 1, built as pycocotools builds them.
IOU_THRESHOLDS: Final = np.linspace(0.5, 0.95, 10)
RECALL_LEVELS: Final = np.linspace(0.0, 1.0, 101)
#: Area ranges in square pixels, both ends inclusive: a box of exactly 32² is small and medium.
AREAS: Final = {"all": (0.0, 1e10), "small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}
_ALL_THRESHOLDS: Final = (1 << len(IOU_THRESHOLDS)) - 1


@dataclass(frozen=True)
class TruthTable:
    """Ground truth of all images as columns, ordered by image.

    Attributes:
        image_ids: int64 (M,).
        labels: int64 (M,), class ids.
        xywh: float64 (M, 4), pixels.
        areas: float64 (M,), what area ranges look at: width times height where there are only boxes.
        crowd: bool (M,), regions that are neither hit nor miss.
    """

    image_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    xywh: NDArray[np.float64]
    areas: NDArray[np.float64]
    crowd: NDArray[np.bool_]


@dataclass(frozen=True)
class Matches:
    """Per-image statistics of average precision: what each detection turned out to be.

    Detections stand in the order in which the precision-recall curve meets them: by class, then falling score. Those
    that can change no metric (after the last hit of their class, or out of every range) are left out, and scores are
    not needed any more.

    Attributes:
        positives: int32 (C, A, N): ground truth per class, area range and image that must be found.
        classes: int32 (D,): index of the class.
        images: int32 (D,): index of the image.
        ranks: int16 (D,): how many detections of this class and image have a higher score.
        hits: uint16 (D, A): bit t says that it is a true positive at IoU threshold t.
        dropped: uint16 (D, A): bit t says that it counts neither way at threshold t.
    """

    positives: NDArray[np.int32]
    classes: NDArray[np.int32]
    images: NDArray[np.int32]
    ranks: NDArray[np.int16]
    hits: NDArray[np.uint16]
    dropped: NDArray[np.uint16]


def match_detections(
    truth: TruthTable,
    detections: BoxTable,
    *,
    image_ids: NDArray[np.int64],
    class_ids: NDArray[np.int64],
    max_detections: int = 100,
) -> Matches:
    """Match all detections with the ground truth, at every IoU threshold and in every area range.

    Args:
        truth: ground truth; every image id and label is among the following.
        detections: detections, likewise; their order breaks ties of the score.
        image_ids: int64 (N,), ascending, images without boxes too.
        class_ids: int64 (C,), ascending.
        max_detections: the best-scored ones per class and image that are looked at.
    """
    positives = np.zeros((len(class_ids), len(AREAS), len(image_ids)), np.int32)
    truth_groups = _groups(truth.image_ids, truth.labels, image_ids, class_ids)
    found_groups = _groups(detections.image_ids, detections.labels, image_ids, class_ids)
    in_range = _in_ranges(truth.areas) & ~truth.crowd[:, None]
    for (kind, image), rows in truth_groups.items():
        positives[kind, :, image] = in_range[rows].sum(axis=0)
    parts: list[tuple[int, int, NDArray[np.int64], NDArray[np.uint16], NDArray[np.uint16]]] = []
    for (kind, image), rows in found_groups.items():
        best = rows[np.argsort(-detections.scores[rows], kind="stable")][:max_detections]
        own = truth_groups.get((kind, image), np.zeros(0, np.int64))
        hits, dropped = _match_image(
            detections.xywh[best], truth.xywh[own], crowd=truth.crowd[own], counted=in_range[own]
        )
        parts.append((kind, image, best, hits, dropped))
    return _in_curve_order(positives, parts, detections.scores)


def box_iou(detected: NDArray[np.float64], truth: NDArray[np.float64], crowd: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the IoU of every pair; over a crowd region it is the share of the detection inside.

    Args:
        detected: float64 (D, 4), x, y, width, height.
        truth: float64 (G, 4), likewise.
        crowd: bool (G,).

    Returns:
        float64 (D, G).
    """
    overlap = np.minimum(detected[:, None, :2] + detected[:, None, 2:], truth[:, :2] + truth[:, 2:])
    overlap = np.clip(overlap - np.maximum(detected[:, None, :2], truth[:, :2]), 0.0, None)
    shared = overlap[..., 0] * overlap[..., 1]
    own = (detected[:, 2] * detected[:, 3])[:, None]
    union = np.where(crowd, own, own + truth[:, 2] * truth[:, 3] - shared)
    return np.asarray(shared / union)


def _match_image(
    detected: NDArray[np.float64],
    truth: NDArray[np.float64],
    *,
    crowd: NDArray[np.bool_],
    counted: NDArray[np.bool_],
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Match one image and class; `counted` is bool (G, A). Returns bits of hits and of dropped, uint16 (D, A)."""
    outside = ~_in_ranges(detected[:, 2] * detected[:, 3])
    hits = np.zeros((len(detected), len(AREAS)), np.uint16)
    # A detection that meets nothing is a false positive in its range and nothing outside it.
    dropped = np.where(outside, _ALL_THRESHOLDS, 0).astype(np.uint16)
    if not len(truth):
        return hits, dropped
    ious = box_iou(detected, truth, crowd)
    limits = np.minimum(IOU_THRESHOLDS, 1 - 1e-10)[:, None]
    bits = (1 << np.arange(len(limits))).astype(np.uint16)
    free = np.ones((len(AREAS), len(limits), len(truth)), np.bool_)
    for at in np.flatnonzero((ious >= limits[0]).any(axis=1)):
        near = np.flatnonzero(ious[at] >= limits[0])
        candidates = free[..., near] & (ious[at, near] >= limits)
        first_choice = candidates & counted[near].T[:, None, :]
        has_first = first_choice.any(axis=-1, keepdims=True)
        allowed = np.where(has_first, first_choice, candidates)
        # Of equal IoUs the later box wins, hence the search from the end.
        strength = np.where(allowed, ious[at, near], -1.0)[..., ::-1]
        chosen = len(near) - 1 - strength.argmax(axis=-1)
        matched = allowed.any(axis=-1)
        hit = matched & has_first[..., 0]
        area, level = np.nonzero(matched)
        taken = near[chosen[area, level]]
        free[area, level, taken] = crowd[taken]
        hits[at] = (hit * bits).sum(axis=1)
        dropped[at] = ((matched & ~hit) * bits).sum(axis=1) + np.where(outside[at], (~matched * bits).sum(axis=1), 0)
    return hits, dropped


def _in_ranges(areas: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return bool (len(areas), A)."""
    low, high = np.array(list(AREAS.values())).T
    return np.asarray((areas[:, None] >= low) & (areas[:, None] <= high), np.bool_)


def _groups(
    image_ids: NDArray[np.int64],
    labels: NDArray[np.int64],
    all_images: NDArray[np.int64],
    all_classes: NDArray[np.int64],
) -> dict[tuple[int, int], NDArray[np.int64]]:
    """Return the rows of each class and image, in the order of the rows; keys are indices, by class first."""
    codes = np.searchsorted(all_classes, labels) * len(all_images) + np.searchsorted(all_images, image_ids)
    order = np.argsort(codes, kind="stable")
    values, starts = np.unique(codes[order], return_index=True)
    return {
        (int(code) // len(all_images), int(code) % len(all_images)): rows
        for code, rows in zip(values, np.split(order, starts)[1:], strict=True)
    }


def _in_curve_order(
    positives: NDArray[np.int32],
    parts: list[tuple[int, int, NDArray[np.int64], NDArray[np.uint16], NDArray[np.uint16]]],
    scores: NDArray[np.float64],
) -> Matches:
    if not parts:
        none = np.zeros((0, len(AREAS)), np.uint16)
        empty = np.zeros(0, np.int32)
        return Matches(positives, empty, empty, np.zeros(0, np.int16), none, none)
    lengths = [len(rows) for _, _, rows, _, _ in parts]
    classes = np.repeat(np.array([part[0] for part in parts], np.int32), lengths)
    images = np.repeat(np.array([part[1] for part in parts], np.int32), lengths)
    ranks = np.concatenate([np.arange(length, dtype=np.int16) for length in lengths])
    hits = np.concatenate([part[3] for part in parts])
    dropped = np.concatenate([part[4] for part in parts])
    # Stable: equal scores stay in the order of images, as in the reference tool.
    order = np.lexsort((-scores[np.concatenate([part[2] for part in parts])], classes))
    kept = order[_can_matter(classes[order], hits[order], dropped[order])]
    return Matches(positives, classes[kept], images[kept], ranks[kept], hits[kept], dropped[kept])


def _can_matter(classes: NDArray[np.int32], hits: NDArray[np.uint16], dropped: NDArray[np.uint16]) -> NDArray[np.bool_]:
    is_hit = hits.any(axis=1)
    last_hit = np.full(int(classes.max()) + 1, -1)
    last_hit[classes[is_hit]] = np.flatnonzero(is_hit)  # ascending, so the last one stays
    never_counts = (dropped == _ALL_THRESHOLDS).all(axis=1)
    return np.asarray((np.arange(len(classes)) <= last_hit[classes]) & ~never_counts, np.bool_)
