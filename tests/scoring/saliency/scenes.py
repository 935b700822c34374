"""Made-up masks and maps: blobs with soft edges, false alarms near and far, and noise."""

import cv2
import numpy as np

SHAPE = (60, 80)


def scene(seed, *, shape=SHAPE, kind="soft"):
    """A map, uint8, and its mask of 0 and 255.

    Args:
        seed: of everything.
        shape: height and width.
        kind: `soft` (blurred and 0 far away), `specks` (false alarms far away), `noise` (nothing is 0), `hard` (0 and
            255 alone).
    """
    rng = np.random.default_rng(seed)
    mask = blob(rng, shape)
    shifted = np.roll(mask, tuple(rng.integers(-3, 4, 2)), (0, 1))
    soft = cv2.GaussianBlur(shifted.astype(np.float64), (0, 0), float(rng.uniform(0.8, 2.5)))
    if kind == "specks":
        soft[rng.random(shape) < 0.05] = 0.3
    if kind == "noise":
        soft = np.clip(soft + rng.uniform(-0.3, 0.3, shape), 0.01, 0.97)
    if kind == "hard":
        soft = np.round(soft)
    return np.round(255 * soft).astype(np.uint8), np.where(mask, 255, 0).astype(np.uint8)


def blob(rng, shape):
    """A random foreground, bool, never empty and never everything."""
    waves = cv2.GaussianBlur(rng.standard_normal(shape), (0, 0), max(shape) / 16)
    mask = waves > np.quantile(waves, rng.uniform(0.6, 0.95))
    if rng.random() < 0.3:
        rows, columns = np.indices(shape)
        centre, radii = rng.uniform(0.2, 0.8, 2) * shape, rng.uniform(0.05, 0.3, 2) * shape
        mask = ((rows - centre[0]) / radii[0]) ** 2 + ((columns - centre[1]) / radii[1]) ** 2 <= 1
    return mask
