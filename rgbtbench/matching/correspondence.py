"""Which features of two images belong together: mutual nearest neighbours by cosine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Descriptors = NDArray[np.float32]
Matches = NDArray[np.int64]


def mutual_nearest(first: Descriptors, second: Descriptors, *, ratio: float | None = None) -> Matches:
    """Return the pairs of descriptors each of which is the other's nearest by cosine.

    Of several that are equally near the first one counts. A descriptor of length 0 says nothing and matches nothing.

    Args:
        first: float (N, D), of any length.
        second: float (M, D).
        ratio: keep a match only if the distance of the unit vectors is below so much of that to the second nearest of
            `second` (Lowe 2004); None keeps all.

    Returns:
        int64 (K, 2), positions in `first`, ascending, and in `second`.
    """
    found_first, found_second = (np.flatnonzero(np.any(side != 0, axis=1)) for side in (first, second))
    if not len(found_first) or not len(found_second):
        return np.zeros((0, 2), np.int64)
    cosines = _unit(first[found_first]) @ _unit(second[found_second]).T
    forth, back = cosines.argmax(axis=1), cosines.argmax(axis=0)
    here = np.arange(len(cosines))
    kept = back[forth] == here
    if ratio is not None and cosines.shape[1] > 1:
        best = np.partition(cosines, -2, axis=1)[:, -2:]
        nearest, second_nearest = np.sqrt(np.clip(2 - 2 * best[:, ::-1], 0, None)).T
        kept &= nearest < ratio * second_nearest
    return np.column_stack((found_first[here[kept]], found_second[forth[kept]])).astype(np.int64)


def _unit(descriptors: Descriptors) -> NDArray[np.float64]:
    values = descriptors.astype(np.float64)
    result: NDArray[np.float64] = values / np.linalg.norm(values, axis=1, keepdims=True)
    return result
