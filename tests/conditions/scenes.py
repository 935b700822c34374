"""Images that corruptions are measured on; the figures in `imagecorruptions.csv` come from these very pixels."""

import cv2
import numpy as np


def scene(seed: int, height: int = 240, width: int = 320) -> np.ndarray:
    """Return uint8 (H, W, 3): a smooth background and 25 rectangles of one colour each."""
    rng = np.random.default_rng(seed)
    image = cv2.GaussianBlur(rng.random((height, width, 3)).astype(np.float32), (0, 0), 12)
    image = (image - image.min()) / (image.max() - image.min())
    for _ in range(25):
        left, top = rng.integers(0, width - 30), rng.integers(0, height - 30)
        wide, high = rng.integers(5, 60, 2)
        image[top : top + high, left : left + wide] = rng.random(3)
    return np.rint(image * 255).astype(np.uint8)


def thermal(seed: int, height: int = 96, width: int = 128, *, dtype: type = np.uint8) -> np.ndarray:
    """Return (H, W, 1): a warm background of little contrast and three hot things; 16 bits use a small part of them."""
    rng = np.random.default_rng(seed)
    image = cv2.GaussianBlur(rng.random((height, width)).astype(np.float32), (0, 0), 8)
    image = 0.2 + 0.3 * (image - image.min()) / (image.max() - image.min())
    for _ in range(3):
        left, top = rng.integers(0, width - 12), rng.integers(0, height - 24)
        image[top : top + 24, left : left + 12] = rng.uniform(0.7, 0.95)
    low, high = (0, 255) if dtype is np.uint8 else (7000, 9000)
    return np.rint(low + image * (high - low)).astype(dtype)[..., None]
