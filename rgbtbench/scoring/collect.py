"""From labels and predictions to per-image statistics, one image at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.protocol import CocoRules, SegmentationRules
from rgbtbench.errors import ShardError
from rgbtbench.labels import IGNORE
from rgbtbench.loading.decode import decode_mask
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.predictions.boxes import BoxTable, read_boxes
from rgbtbench.predictions.masks import mask_sha256, masks_sha256, read_masks
from rgbtbench.progress import Progress, track
from rgbtbench.scoring.average_precision import detection_metrics
from rgbtbench.scoring.detection import Matches, TruthTable, match_detections
from rgbtbench.scoring.engine import engine_metrics
from rgbtbench.scoring.segmentation import apply_background, confusion_matrix
from rgbtbench.scoring.statistics import Confusions

#: Two programs that add the same numbers in another order differ by less, in percent.
_ENGINE_TOLERANCE: Final = 1e-6


def collect_confusions(
    rules: SegmentationRules, labels: PreparedSplit, positions: list[int], predictions: Path, *, progress: Progress
) -> tuple[Confusions, str]:
    """Count every image's pixels.

    Args:
        rules: of the protocol.
        labels: the split, with the protocol's label set alone.
        positions: of the images that are scored.
        predictions: folder or archive of masks.
        progress: is told of each image.

    Returns:
        Statistics in the order of `positions`, and the hash of all predictions read.
    """
    (label_set,) = labels.label_sets
    ids = sorted(labels.classes(label_set))
    keys = labels.keys
    sizes = {keys[position]: labels.frame_size(position, label_set) for position in positions}
    masks = track(read_masks(predictions, sizes, others=keys), progress, "scoring", total=len(positions), unit="images")
    strata = {} if rules.strata is None else labels.label_map(rules.strata).native
    confusion = np.zeros((len(positions), len(ids), len(ids) + 1), np.int64)
    pixels = {number: np.zeros((len(positions), len(ids), 2), np.int64) for number in sorted(strata)}
    digests: dict[str, str] = {}
    for row, (position, prediction) in enumerate(zip(positions, masks, strict=True)):
        label = labels[position].masks[label_set]
        digests[prediction.key] = mask_sha256(prediction.mask)
        confusion[row] = confusion_matrix(label, prediction.mask, ids=ids, ignore_ids=rules.ignore_ids)
        if rules.strata is not None:
            name = f"{rules.strata}.png"
            divided = decode_mask(labels.member(position, name), where=f"{prediction.key}.{name}")
            for number, counts in pixels.items():
                inside = divided == number
                part = confusion_matrix(label[inside], prediction.mask[inside], ids=ids, ignore_ids=rules.ignore_ids)
                scored = apply_background(part, ids=ids, rules=rules)
                counts[row] = np.column_stack([np.diagonal(scored), scored.sum(axis=1)])
    named = {f"{rules.strata}={strata[number]}": counts for number, counts in pixels.items()}
    return Confusions(confusion, named), masks_sha256(digests)


def collect_matches(
    rules: CocoRules, labels: PreparedSplit, positions: list[int], predictions: Path, *, progress: Progress
) -> tuple[Matches, str]:
    """Match every image's boxes.

    Args:
        rules: of the protocol.
        labels: the split, with the protocol's label set alone.
        positions: of the images that are scored, by ascending image id.
        predictions: COCO results.
        progress: is told of each image.

    Returns:
        Statistics in the order of `positions`, and the hash of all predictions read.
    """
    (label_set,) = labels.label_sets
    class_ids = np.array(sorted(labels.classes(label_set)), np.int64)
    found = read_boxes(predictions, image_ids=labels.image_ids, classes=class_ids.tolist())
    digest = found.sha256
    image_ids = np.array([labels.image_ids[position] for position in positions], np.int64)
    if (np.diff(image_ids) <= 0).any():
        raise ShardError("two images have one image_id", remedy="prepare the dataset again")
    truth = _truth_table(rules, labels, positions, image_ids, class_ids, progress=progress)
    scored = np.isin(found.image_ids, image_ids)
    found = BoxTable(found.image_ids[scored], found.labels[scored], found.xywh[scored], found.scores[scored])
    matches = match_detections(
        truth, found, image_ids=image_ids, class_ids=class_ids, max_detections=rules.max_detections[-1]
    )
    _require_engine_agrees(rules, matches, truth, found, image_ids=image_ids, class_ids=class_ids)
    return matches, digest


def _truth_table(
    rules: CocoRules,
    labels: PreparedSplit,
    positions: list[int],
    image_ids: NDArray[np.int64],
    class_ids: NDArray[np.int64],
    *,
    progress: Progress,
) -> TruthTable:
    (label_set,) = labels.label_sets
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]] = []
    counted = track(positions, progress, "scoring", total=len(positions), unit="images")
    for image, position in zip(image_ids, counted, strict=True):
        boxes = labels[position].boxes[label_set]
        xywh = np.column_stack([boxes.xyxy[:, :2], boxes.xyxy[:, 2:] - boxes.xyxy[:, :2]])
        crowd = boxes.ignore if rules.ignore_as_crowd else np.zeros_like(boxes.ignore)
        hidden = boxes.labels == IGNORE
        parts.append((np.full((~hidden).sum(), image), boxes.labels[~hidden], xywh[~hidden], crowd[~hidden]))
        # A region without a class hides detections of every class.
        for number in class_ids if hidden.any() else ():
            count = int(hidden.sum())
            parts.append((np.full(count, image), np.full(count, number), xywh[hidden], np.ones(count, np.bool_)))
    image_column, label_column, xywh_column, crowd_column = zip(*parts, strict=True)
    xywh = np.concatenate(xywh_column)
    return TruthTable(
        image_ids=np.concatenate(image_column),
        labels=np.concatenate(label_column),
        xywh=xywh,
        areas=xywh[:, 2] * xywh[:, 3],
        crowd=np.concatenate(crowd_column),
    )


def _require_engine_agrees(
    rules: CocoRules,
    matches: Matches,
    truth: TruthTable,
    found: BoxTable,
    *,
    image_ids: NDArray[np.int64],
    class_ids: NDArray[np.int64],
) -> None:
    ours = detection_metrics(matches, np.ones((1, len(image_ids))), max_detections=rules.max_detections)
    engine = engine_metrics(truth, found, image_ids=image_ids, class_ids=class_ids, max_detections=rules.max_detections)
    for name, value in engine.items():
        own = float(ours[name][0])
        if np.isnan(own) != (value is None) or (value is not None and abs(own - value) > _ENGINE_TOLERANCE):
            # No mistake of the user: two implementations of one definition disagree.
            raise RuntimeError(f"{name} is {own} here and {value} in faster-coco-eval")
