"""From labels and predicted masks to confusion matrices, one image at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.errors import PredictionError, UserError
from rgbtbench.predictions.masks import mask_sha256, masks_sha256, read_masks
from rgbtbench.progress import Progress, track
from rgbtbench.scoring.segmentation.confusion import apply_background, confusion_matrix
from rgbtbench.scoring.segmentation.counts import Confusions
from rgbtbench.scoring.segmentation.pixels import resized, scored_label
from rgbtbench.scoring.truth import Truth


def collect(
    rules: SegmentationRules, truth: Truth, positions: Sequence[int], predictions: Path, *, progress: Progress
) -> tuple[Confusions, str]:
    """Count every image's pixels; see `rgbtbench.scoring.family.Collect`.

    Args:
        rules: of the protocol.
        truth: masks.
        positions: of the images that are scored.
        predictions: folder or archive of `<key>.png`.
        progress: is told of each image.
    """
    ids = sorted(truth.classes)
    keys = truth.keys
    sizes = {keys[position]: rules.label_size or truth.frame_size(position) for position in positions}
    masks = track(read_masks(predictions, sizes, others=keys), progress, "scoring", total=len(positions), unit="images")
    strata = {} if rules.strata is None else truth.stratum_names(rules.strata)
    confusion = np.zeros((len(positions), len(ids), len(ids) + 1), np.int64)
    pixels = {number: np.zeros((len(positions), len(ids), 2), np.int64) for number in sorted(strata)}
    digests: dict[str, str] = {}
    for row, (position, prediction) in enumerate(zip(positions, masks, strict=True)):
        hidden = None if rules.hidden_by is None else truth.strata(position, rules.hidden_by)
        with _naming(predictions, prediction.key):
            label = scored_label(truth.mask(position), rules, hidden=hidden)
        digests[prediction.key] = mask_sha256(prediction.mask)
        with _naming(predictions, prediction.key):
            confusion[row] = confusion_matrix(label, prediction.mask, ids=ids, ignore_ids=rules.ignore_ids)
        if rules.strata is not None:
            divided = resized(truth.strata(position, rules.strata), rules)
            for number, counts in pixels.items():
                inside = divided == number
                part = confusion_matrix(label[inside], prediction.mask[inside], ids=ids, ignore_ids=rules.ignore_ids)
                scored = apply_background(part, ids=ids, rules=rules)
                counts[row] = np.column_stack([np.diagonal(scored), scored.sum(axis=1)])
    named = {f"{rules.strata}={strata[number]}": counts for number, counts in pixels.items()}
    return Confusions(confusion, named), masks_sha256(digests)


@contextmanager
def _naming(predictions: Path, key: str) -> Iterator[None]:
    """Say which mask it is that an error speaks of, where it does not say it itself."""
    try:
        yield
    except UserError as error:
        if error.path is not None:
            raise
        place = f"{predictions}: {key}" if isinstance(error, PredictionError) else f"label of {key}"
        raise type(error)(error.found, expected=error.expected, remedy=error.remedy, path=place) from error
