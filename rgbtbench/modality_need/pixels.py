"""Outcomes of pixels: masks of three models against the labels of a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.modality_need.factors import MISREGISTRATION, PIXEL_CONTRAST, SIZE
from rgbtbench.modality_need.outcomes import MODELS, outcome
from rgbtbench.modality_need.surroundings import pixel_contrast, whole_offset
from rgbtbench.modality_need.tally import Tally
from rgbtbench.modality_need.views import Modalities
from rgbtbench.predictions.masks import read_masks
from rgbtbench.progress import Progress, track
from rgbtbench.scoring.segmentation.pixels import scored_label
from rgbtbench.scoring.truth import PreparedTruth


def tally_pixels(
    split: PreparedSplit,
    label_set: str,
    rules: SegmentationRules,
    positions: Sequence[int],
    predictions: Mapping[str, Path],
    modalities: Modalities,
    *,
    progress: Progress,
) -> Tally:
    """Count which models name each pixel's class.

    Args:
        split: with images and labels.
        label_set: whose masks count.
        rules: of the protocol, which say what pixels are scored.
        positions: of the images.
        predictions: model to its masks.
        modalities: which pictures to look at.
        progress: is told of each image.
    """
    truth = PreparedTruth(split, label_set)
    sizes = {truth.keys[position]: rules.label_size or truth.frame_size(position) for position in positions}
    masks = zip(*(read_masks(predictions[model], sizes, others=truth.keys) for model in MODELS), strict=True)
    without = {0} if rules.background in ("ignored", "deleted") else set()
    scored_ids = sorted(set(rules.classes or truth.classes) - set(rules.ignore_ids) - without)
    names = {number: truth.classes[number] for number in scored_ids}
    tally = Tally()
    shown = track(positions, progress, "looking", total=len(positions), unit="images")
    for position, predicted in zip(shown, masks, strict=True):
        hidden = None if rules.hidden_by is None else truth.strata(position, rules.hidden_by)
        label = scored_label(truth.mask(position), rules, hidden=hidden)
        counted = np.isin(label, scored_ids)
        outcomes = outcome(*(one.mask[counted] == label[counted] for one in predicted))
        tally.add_image(outcomes)
        tally.add_names("class", "class", label[counted].astype(np.int64), names, outcomes)
        tally.add_factor(SIZE, _areas(label)[counted], outcomes)
        views = modalities.views(split[position])
        for name, grey in views.items():
            tally.add_factor(PIXEL_CONTRAST[name], _resized(pixel_contrast(grey), label.shape)[counted], outcomes)
        apart = whole_offset(views["rgb"], views["thermal"])
        tally.add_factor(MISREGISTRATION, np.full(len(outcomes), apart), outcomes)
    return tally


def _areas(label: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the area of the connected region of one class that each pixel belongs to, float64 (H, W)."""
    areas = np.zeros(label.shape, np.float64)
    for number in np.unique(label):
        count, regions = cv2.connectedComponents((label == number).astype(np.uint8), connectivity=8)
        sizes = np.bincount(regions.ravel(), minlength=count).astype(np.float64)
        sizes[0] = 0
        areas += sizes[regions]
    return areas


def _resized(values: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    if values.shape == shape:
        return values
    return np.asarray(cv2.resize(values, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST), np.float32)
