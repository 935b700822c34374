"""Outcomes of objects: detections of three models against the boxes of a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rgbtbench.labels import IGNORE
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.modality_need.factors import MISREGISTRATION, OBJECT_CONTRAST, OCCLUSION, SIZE
from rgbtbench.modality_need.found_objects import find_objects
from rgbtbench.modality_need.outcomes import MODELS, outcome
from rgbtbench.modality_need.surroundings import box_contrast, local_offsets
from rgbtbench.modality_need.tally import Tally
from rgbtbench.modality_need.views import Modalities
from rgbtbench.pair import Boxes
from rgbtbench.progress import Progress, track
from rgbtbench.scoring.average_precision.inputs import read_inputs
from rgbtbench.scoring.truth import PreparedTruth


def tally_objects(
    split: PreparedSplit,
    label_set: str,
    positions: Sequence[int],
    predictions: Mapping[str, Path],
    modalities: Modalities,
    *,
    false_alarms: float,
    progress: Progress,
) -> tuple[Tally, dict[str, dict[str, float | None]]]:
    """Count which models find each object.

    Args:
        split: with images and labels.
        label_set: whose boxes count.
        positions: of the images, by ascending image id.
        predictions: model to its detections.
        modalities: which pictures to look at.
        false_alarms: that a model may raise per image and class.
        progress: is told of each image.

    Returns:
        The counts, and model to class to the score above which its detections count, None for all of them.
    """
    truth = PreparedTruth(split, label_set)
    found: list[NDArray[np.bool_]] = []
    thresholds: dict[str, dict[str, float | None]] = {}
    for model in MODELS:
        inputs = read_inputs(truth, positions, predictions[model], progress=progress)
        upright = replace(inputs, truth=replace(inputs.truth, corners=None))
        matched = find_objects(upright)
        limits = matched.thresholds(int(false_alarms * len(positions)))
        limit = limits[np.searchsorted(inputs.class_ids, inputs.truth.labels)]
        found.append((matched.scores > limit) & np.isfinite(matched.scores))
        thresholds[model] = {
            truth.classes[number]: float(score) if np.isfinite(score) else None
            for number, score in zip(inputs.class_ids.tolist(), limits, strict=True)
        }
    counted = ~inputs.truth.crowd
    outcomes, images = outcome(*found)[counted], inputs.truth.image_ids[counted]
    tally = Tally()
    shown = track(positions, progress, "looking", total=len(positions), unit="images")
    for number, position in zip(inputs.image_ids, shown, strict=True):
        of_image = outcomes[np.searchsorted(images, number) : np.searchsorted(images, number, side="right")]
        tally.add_image(of_image)
        _divide(tally, split, label_set, position, modalities, truth.classes, of_image)
    return tally, thresholds


def _divide(
    tally: Tally,
    split: PreparedSplit,
    label_set: str,
    position: int,
    modalities: Modalities,
    classes: Mapping[int, str],
    outcomes: NDArray[np.int64],
) -> None:
    sample = split[position]
    boxes = sample.boxes[label_set]
    kept = ~boxes.ignore & (boxes.labels != IGNORE)
    xyxy, sizes = boxes.xyxy[kept], boxes.xyxy[kept, 2:] - boxes.xyxy[kept, :2]
    tally.add_names("class", "class", boxes.labels[kept], classes, outcomes)
    tally.add_factor(SIZE, sizes[:, 0] * sizes[:, 1], outcomes)
    tally.add_factor(OCCLUSION, _occlusion(boxes, kept), outcomes)
    views = modalities.views(sample)
    frame = split.frame_size(position, label_set)
    for name, grey in views.items():
        tally.add_factor(OBJECT_CONTRAST[name], box_contrast(grey, _moved(xyxy, frame, grey.shape)), outcomes)
    on_rgb = _moved(xyxy, frame, views["rgb"].shape)
    tally.add_factor(MISREGISTRATION, local_offsets(views["rgb"], views["thermal"], on_rgb), outcomes)


def _occlusion(boxes: Boxes, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    levels = boxes.occlusion[kept].astype(np.float64)
    return np.where(levels < 0, np.nan, levels)


def _moved(xyxy: NDArray[np.float64], frame: tuple[int, int], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return boxes of the label's frame in pixels of an image of the same view."""
    down, across = shape[0] / frame[0], shape[1] / frame[1]
    return xyxy * (across, down, across, down)
