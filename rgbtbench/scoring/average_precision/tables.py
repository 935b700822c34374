"""Boxes of all images as columns, and what they turn out to be once they are matched."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TruthTable:
    """Ground truth of all images.

    Attributes:
        image_ids: int64 (M,).
        labels: int64 (M,), class ids.
        xywh: float64 (M, 4), pixels.
        areas: float64 (M,), what area ranges look at: width times height where there are only boxes.
        crowd: bool (M,), regions that are neither hit nor miss.
        corners: float64 (M, 4, 2), of oriented boxes; None where boxes are upright.
    """

    image_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    xywh: NDArray[np.float64]
    areas: NDArray[np.float64]
    crowd: NDArray[np.bool_]
    corners: NDArray[np.float64] | None = None

    def of(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> TruthTable:
        """Return some rows, in the order given."""
        return TruthTable(
            self.image_ids[rows],
            self.labels[rows],
            self.xywh[rows],
            self.areas[rows],
            self.crowd[rows],
            None if self.corners is None else self.corners[rows],
        )


@dataclass(frozen=True)
class Matches:
    """Per-image statistics of average precision over C classes, A area ranges, N images and up to 16 IoU thresholds.

    Detections stand in the order in which the precision-recall curve meets them: by class, then falling score. Those
    after the last hit of their class, or out of every range, are only counted, and scores are not needed any more.

    Attributes:
        positives: int32 (C, A, N): ground truth that must be found.
        detections: int32 (C, N): detections that were looked at.
        classes: int32 (D,): index of the class.
        images: int32 (D,): index of the image.
        ranks: int16 (D,): how many detections of this class and image have a higher score.
        hits: uint16 (D, A): bit t says that it is a true positive at IoU threshold t.
        dropped: uint16 (D, A): bit t says that it counts neither way at threshold t.
    """

    positives: NDArray[np.int32]
    detections: NDArray[np.int32]
    classes: NDArray[np.int32]
    images: NDArray[np.int32]
    ranks: NDArray[np.int16]
    hits: NDArray[np.uint16]
    dropped: NDArray[np.uint16]

    def of_area(self, area: int) -> Matches:
        """Return the statistics of one area range alone."""
        part = slice(area, area + 1)
        return replace(self, positives=self.positives[:, part], hits=self.hits[:, part], dropped=self.dropped[:, part])

    def compact(self) -> Matches:
        """Return the same statistics in an order that packs well.

        No curve is read between two hits, so that what stands there may stand in any order, and ranks only say which
        hits are among the first detections.
        """
        hit = (self.hits != 0).any(axis=1)
        # An even number for what comes before a hit, the odd one after it for the hit.
        place = 2 * (np.cumsum(hit) - hit) + hit
        order = np.lexsort((self.images, *self.dropped.T, place, self.classes))
        ranks = np.where(hit, self.ranks, 0).astype(np.int16)
        return Matches(
            self.positives,
            self.detections,
            self.classes[order],
            self.images[order],
            ranks[order],
            self.hits[order],
            self.dropped[order],
        )

    def of_images(self, chosen: NDArray[np.bool_]) -> Matches:
        """Return the statistics of some images, bool (N,), numbered anew."""
        if chosen.all():
            return self
        kept = chosen[self.images]
        return Matches(
            positives=self.positives[..., chosen],
            detections=self.detections[..., chosen],
            classes=self.classes[kept],
            images=(np.cumsum(chosen) - 1)[self.images[kept]].astype(np.int32),
            ranks=self.ranks[kept],
            hits=self.hits[kept],
            dropped=self.dropped[kept],
        )
