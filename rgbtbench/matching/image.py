"""One pair of images as it is scored: its matches, and how many of them are right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.matching import MatchingBlock
from rgbtbench.conditions.homography import Matrix, projected
from rgbtbench.matching.correspondence import mutual_nearest
from rgbtbench.matching.estimate import corner_error, estimated_homography
from rgbtbench.matching.places import centres_of, shows_content, spacing_of

#: Descriptors (D, rows, columns) of a grid that covers the frame.
Grid = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MatchedPair:
    """What is kept of one pair of images.

    Attributes:
        matches: number of matches.
        right: number of matches at most so far from their true place, for each of the protocol's thresholds in pixels.
        right_by_cells: number of matches at most one cell of the grid away: the distance along either side being
            measured in cells.
        corner_error: mean distance in pixels of the corners under the estimated and the true homography.
    """

    matches: int
    right: tuple[int, ...]
    right_by_cells: int
    corner_error: float


def match_pair(reference: Grid, warped: Grid, homography: Matrix, protocol: MatchingBlock) -> MatchedPair:
    """Match the features of a pair of images and hold the matches against the known homography.

    All features of the image that stays are candidates, and of the one that was moved those whose centre shows content
    and no fill. Candidates whose true place lies outside the frame are not left out: matches of them are wrong.

    Args:
        reference: features of the image that stays.
        warped: features of the image that was moved.
        homography: how it was moved, float64 (3, 3).
        protocol: the rules.
    """
    frame = protocol.frame
    grids = [(features.shape[1], features.shape[2]) for features in (reference, warped)]
    here, there = (centres_of(grid, frame) for grid in grids)
    visible = np.flatnonzero(shows_content(there, homography, frame))
    matches = mutual_nearest(_rows(reference), _rows(warped)[visible], ratio=protocol.ratio)
    from_, to = here[matches[:, 0]], there[visible][matches[:, 1]]
    off = to - projected(from_, homography)
    distances = np.linalg.norm(off, axis=1)
    in_cells = np.linalg.norm(off / spacing_of(grids[1], frame), axis=1)
    estimated = estimated_homography(
        from_,
        to,
        pixels=protocol.ransac_pixels,
        iterations=protocol.ransac_iterations,
        confidence=protocol.ransac_confidence,
    )
    return MatchedPair(
        matches=len(matches),
        right=tuple(int((distances <= threshold).sum()) for threshold in protocol.thresholds),
        right_by_cells=int((in_cells <= 1).sum()),
        corner_error=corner_error(estimated, homography, frame),
    )


def _rows(features: Grid) -> NDArray[np.float32]:
    return features.reshape(len(features), -1).T
