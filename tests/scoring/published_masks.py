"""Colour-coded predictions of MFNet test images as their authors published them."""

import zipfile
from pathlib import Path

import numpy as np

SHARED = Path(__file__).parents[2] / ".." / "shared"

# Palette of the MFNet release, also used by both published sets of predictions.
PALETTE = np.array(
    [
        (0, 0, 0),
        (64, 0, 128),
        (64, 64, 0),
        (0, 128, 192),
        (0, 0, 192),
        (128, 128, 0),
        (64, 64, 128),
        (192, 128, 128),
        (192, 64, 0),
    ],
    np.int64,
)
WEIGHTS = np.array([65536, 256, 1])


def decoded(png):
    import cv2

    colours = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB).astype(np.int64)
    known = PALETTE @ WEIGHTS
    order = np.argsort(known)
    ids = order[np.searchsorted(known[order], colours @ WEIGHTS).clip(max=len(order) - 1)]
    assert (PALETTE[ids] == colours).all(), "a colour outside the palette"
    return ids.astype(np.uint8)


def published_png(method, key):
    folder = SHARED / "golden" / "segmentation"
    if method == "LASNet":
        with zipfile.ZipFile(folder / "lasnet" / "predicts_MFNet.zip") as archive:
            return archive.read(f"predicts_MFNet/{key}.png")
    return (folder / "rtfnet152" / f"Pred_RTFNet_152_{key}.png").read_bytes()
