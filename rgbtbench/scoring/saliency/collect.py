"""From masks and saliency maps to statistics, one image at a time, on several threads."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import SaliencyRules
from rgbtbench.predictions.masks import masks_sha256
from rgbtbench.predictions.saliency_maps import StoredMap, map_sha256, require_full_range, stored_maps
from rgbtbench.progress import Progress, track
from rgbtbench.scoring.saliency.counts import SaliencyCounts
from rgbtbench.scoring.saliency.image import ImageStatistics, reduce_image
from rgbtbench.scoring.saliency.levels import WHITE
from rgbtbench.scoring.saliency.resize import resized
from rgbtbench.scoring.truth import Truth
from rgbtbench.threads import in_order


@dataclass(frozen=True, slots=True)
class _Reduced:
    statistics: ImageStatistics
    scaled: bool
    highest: int
    sha256: str


def collect(
    rules: SaliencyRules, truth: Truth, positions: Sequence[int], predictions: Path, *, progress: Progress
) -> tuple[SaliencyCounts, str]:
    """Reduce every image; see `rgbtbench.scoring.family.Collect`.

    Args:
        rules: of the protocol.
        truth: masks.
        positions: of the images that are scored.
        predictions: folder or archive of maps.
        progress: is told of each image.
    """
    keys = [truth.keys[position] for position in positions]
    any_size = rules.size_mismatch == "resize"
    sizes = {key: None if any_size else truth.frame_size(at) for key, at in zip(keys, positions, strict=True)}
    maps = stored_maps(predictions, sizes, others=truth.keys)
    masks = (truth.mask(position) for position in positions)
    with closing(in_order(partial(_reduce, rules), zip(maps, masks, strict=True))) as reduced:
        images = list(track(reduced, progress, "scoring", total=len(positions), unit="images"))
    if rules.normalisation == "none":
        require_full_range([image.highest for image in images], predictions)
    counts = SaliencyCounts(
        tuple(image.statistics for image in images), np.array([image.scaled for image in images], np.bool_)
    )
    return counts, masks_sha256({key: image.sha256 for key, image in zip(keys, images, strict=True)})


def _reduce(rules: SaliencyRules, pair: tuple[StoredMap, NDArray[np.uint8]]) -> _Reduced:
    stored, mask = pair
    height, width = mask.shape
    any_size = rules.size_mismatch == "resize"
    levels = stored.levels(None if any_size else (height, width))
    scaled = int(mask.max()) == 1
    prediction, truth = resized(levels, (height, width)), mask * np.uint8(WHITE) if scaled else mask
    statistics = reduce_image(prediction, truth, rules)
    return _Reduced(statistics, scaled, int(levels.max()), map_sha256(levels))
