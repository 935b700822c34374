"""One tileable noise field for everything that is uneven: asphalt, walls, leaves, cloth and clouds."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
#: Cells along each side; a power of two.
SIZE = 1024
_LEVELS = 9


def sample(across: Grey, along: Grey, footprint: Grey) -> Grey:
    """Return the noise at places given in cells, averaged over about `footprint` cells, all of one shape.

    The unaveraged field has zero mean and unit variance; averages over larger footprints vary less.
    """
    levels = np.clip(np.log2(np.maximum(footprint, 1.0)).astype(np.int32), 0, _LEVELS - 1)
    side = SIZE >> levels
    row, column = (along.astype(np.int32) >> levels) & (side - 1), (across.astype(np.int32) >> levels) & (side - 1)
    flat, starts = _pyramid()
    return np.asarray(flat[starts[levels] + row * side + column], np.float32)


def smooth(across: Grey, along: Grey) -> Grey:
    """Return the noise at places given in cells, interpolated between them, for things that are never sharp."""
    field = _pyramid()[0][: SIZE * SIZE].reshape(SIZE, SIZE)
    row, column = np.floor(along).astype(np.int32), np.floor(across).astype(np.int32)
    down, right = along - row, across - column
    top, bottom, left, next_column = row % SIZE, (row + 1) % SIZE, column % SIZE, (column + 1) % SIZE
    upper = field[top, left] * (1 - right) + field[top, next_column] * right
    lower = field[bottom, left] * (1 - right) + field[bottom, next_column] * right
    return np.asarray(upper * (1 - down) + lower * down, np.float32)


@cache
def _pyramid() -> tuple[Grey, NDArray[np.int32]]:
    """The field and its averages over 2, 4, 8, ... cells, one after the other, and where each begins."""
    rng = np.random.default_rng(0)
    frequency = np.fft.fftfreq(SIZE)
    radius = np.hypot(frequency[:, None], frequency[None])
    radius[0, 0] = 1.0
    # Amplitude over 1 / f^0.85 has almost equal power per octave, as natural surfaces do.
    spectrum = np.fft.fft2(rng.standard_normal((SIZE, SIZE))) / radius**0.85
    spectrum[0, 0] = 0.0
    field = np.real(np.fft.ifft2(spectrum))
    levels = [np.asarray(np.clip(field / field.std(), -2.5, 2.5), np.float32)]
    for _ in range(_LEVELS - 1):
        half = levels[-1].shape[0] // 2
        levels.append(levels[-1].reshape(half, 2, half, 2).mean((1, 3)))
    starts = np.cumsum([0] + [level.size for level in levels[:-1]]).astype(np.int32)
    return np.concatenate([level.ravel() for level in levels]), starts
