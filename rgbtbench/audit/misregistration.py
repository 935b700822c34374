"""How far one modality of a pair lies beside the other, and how sure that is.

The offset is where the edge fields of the two images (`rgbtbench.audit.gradients`) correlate most; being free of
polarity they agree between spectra where intensities do not. The correlation is a sum over tiles, so that drawing
the tiles again with replacement (bootstrap) shows how much the offset depends on which of them were seen: noise,
too little structure, and parallax, which moves near and far things by different amounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from scipy import fft

from rgbtbench.audit.gradients import Edges

#: Offsets are looked for up to this far along each axis, in pixels at working size: 7.5 % of the longer side.
REACH: Final = 24
#: An estimate counts as reliable with at least this margin and at most this spread (share of the longer side): pairs
#: of unrelated images reach neither, measured on real ones in docs/audit.md.
LEAST_MARGIN, MOST_SPREAD = 1.5, 0.005

_TILE: Final = 48
#: Tiles are correlated this far around the peak of the whole.
_AROUND: Final = 6
#: Peaks closer than this, at half the working size, are the same peak.
_SAME_PEAK: Final = 3
_RESAMPLES: Final = 48


@dataclass(frozen=True, slots=True)
class Offset:
    """By how much the second image must be moved to lie on the first, in pixels of the first.

    Attributes:
        x, y: to the right and down.
        spread: standard error along an axis, by the bootstrap over tiles.
        margin: how far the best offset stands above the next other one, in standard deviations of all offsets.
        longest: longer side of the first image.
    """

    x: float
    y: float
    spread: float
    margin: float
    longest: int

    @property
    def length(self) -> float:
        """Distance in pixels."""
        return float(np.hypot(self.x, self.y))

    @property
    def reliable(self) -> bool:
        """Whether the two images have enough in common for the estimate to mean anything."""
        return self.margin >= LEAST_MARGIN and self.spread <= MOST_SPREAD * self.longest


def offset(first: Edges, second: Edges) -> Offset:
    """Estimate the offset of two images of the same scene.

    Args:
        first: edges of the image that stays.
        second: edges of the one that moves, of equal shape.
    """
    one, two = first.field, second.field
    x, y, margin = _best_of_the_whole(first.half_field, second.half_field)
    centre_x, centre_y = (int(np.clip(at, _AROUND - REACH, REACH - _AROUND)) for at in (x, y))
    tiles = _tile_correlations(one, two, centre_x, centre_y)
    draws = _draws(len(tiles))
    sums = (draws @ tiles.reshape(len(tiles), -1)).reshape(-1, *tiles.shape[1:])
    # The first draw takes every tile once.
    peaks = _peaks(sums) + np.array([centre_x - _AROUND, centre_y - _AROUND])
    best, others = peaks[0], peaks[1:]
    spread = float(np.sqrt(((others - best) ** 2).mean()))
    return Offset(
        x=float(best[0]) * first.scale,
        y=float(best[1]) * first.scale,
        spread=spread * first.scale,
        margin=margin,
        longest=round(max(one.shape) * first.scale),
    )


def _best_of_the_whole(one: NDArray[np.complex64], two: NDArray[np.complex64]) -> tuple[int, int, float]:
    """Return the best offset, from fields at half the working size, and its margin over the next."""
    reach = REACH // 2
    shape = [fft.next_fast_len(side + reach) for side in one.shape]
    surface = _correlation(one, two, shape)
    steps = np.arange(-reach, reach + 1)
    surface = surface[np.ix_(steps, steps)]
    row, column = divmod(int(surface.argmax()), surface.shape[1])
    elsewhere = np.ones(surface.shape, np.bool_)
    elsewhere[
        max(row - _SAME_PEAK, 0) : row + _SAME_PEAK + 1, max(column - _SAME_PEAK, 0) : column + _SAME_PEAK + 1
    ] = False
    rest = surface[elsewhere]
    deviation = float(rest.std())
    margin = (float(surface[row, column]) - float(rest.max())) / deviation if deviation > 0 else 0.0
    return 2 * (column - reach), 2 * (row - reach), margin


def _tile_correlations(
    one: NDArray[np.complex64], two: NDArray[np.complex64], centre_x: int, centre_y: int
) -> NDArray[np.float32]:
    """Return the correlation of each tile of the second image with the first, around one offset.

    Returns:
        float32 (tiles, 2 * _AROUND + 1, 2 * _AROUND + 1), by offset down and to the right.
    """
    height, width = one.shape
    side_y, side_x = min(_TILE, height), min(_TILE, width)
    rows, columns = height // side_y, width // side_x
    top, left = (height - rows * side_y) // 2, (width - columns * side_x) // 2
    wide_y, wide_x = side_y + 2 * _AROUND, side_x + 2 * _AROUND
    padded = np.zeros((height + 2 * REACH, width + 2 * REACH), np.complex64)
    padded[REACH : REACH + height, REACH : REACH + width] = one
    down, right = padded.strides
    corner = padded[REACH + top + centre_y - _AROUND :, REACH + left + centre_x - _AROUND :]
    searched = as_strided(
        corner, (rows, columns, wide_y, wide_x), (down * side_y, right * side_x, down, right), writeable=False
    )
    inner = two[top : top + rows * side_y, left : left + columns * side_x]
    sought = inner.reshape(rows, side_y, columns, side_x).swapaxes(1, 2)
    shape = [fft.next_fast_len(wide_y), fft.next_fast_len(wide_x)]
    span = 2 * _AROUND + 1
    surfaces = _correlation(searched, sought, shape)[..., :span, :span]
    return np.ascontiguousarray(surfaces, np.float32).reshape(-1, span, span)


def _correlation(one: NDArray[np.complex64], two: NDArray[np.complex64], shape: list[int]) -> NDArray[np.float32]:
    """Return the real part of the correlation over the last two axes, by offset of `two`, negative ones at the end."""
    product, other = fft.fft2(one, shape), fft.fft2(two, shape)
    product *= np.conj(other, out=other)
    surface: Any = fft.ifft2(product, overwrite_x=True).real
    return np.asarray(surface, np.float32)


@cache
def _draws(tiles: int) -> NDArray[np.float32]:
    """Return how often each tile counts in each draw; in the first every tile once."""
    drawn = np.random.default_rng(0).multinomial(tiles, np.full(tiles, 1 / tiles), size=_RESAMPLES)
    return np.concatenate([np.ones((1, tiles)), drawn]).astype(np.float32)


def _peaks(surfaces: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return where each surface (N, n, n) is highest, x and y (N, 2), between pixels by a parabola along each axis."""
    count, side, _ = surfaces.shape
    row, column = np.divmod(surfaces.reshape(count, -1).argmax(axis=1), side)
    each, inner_row, inner_column = np.arange(count), row.clip(1, side - 2), column.clip(1, side - 2)
    x = _vertex(*(surfaces[each, row, inner_column + step] for step in (-1, 0, 1)))
    y = _vertex(*(surfaces[each, inner_row + step, column] for step in (-1, 0, 1)))
    return np.stack([inner_column + x, inner_row + y], axis=1)


def _vertex(before: NDArray[np.float32], at: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.float64]:
    bend = (before - 2 * at + after).astype(np.float64)
    step = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, -1.0), 0.0)
    return np.asarray(step.clip(-1, 1), np.float64)
