"""A prediction drawn over the image that it was made for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.inspection.palette import Colour, overlay, saliency_overlay
from rgbtbench.inspection.pictures import tone_mapped
from rgbtbench.predictions.kinds import BoxPrediction, MaskPrediction, Prediction, SaliencyPrediction

#: Share of the colour where a class or a salient thing lies.
_OPACITY: Final = 0.5
#: Boxes that are less sure are left out of the picture.
_SURE: Final = 0.3


def laid_over(
    pixels: NDArray[Any], prediction: Prediction, colours: Mapping[int, Colour], classes: Mapping[int, str]
) -> NDArray[np.uint8]:
    """Return an image with a prediction over it.

    Args:
        pixels: uint8, uint16 or float32 (H, W, C); what is not 8 bits is stretched between two percentiles.
        prediction: in the frame of the image.
        colours: class id to colour; black is drawn as nothing.
        classes: class id to name, for boxes.

    Returns:
        uint8 (H, W, 3).
    """
    shown = pixels if pixels.dtype == np.uint8 else tone_mapped(pixels)[0]
    picture = np.ascontiguousarray(np.repeat(shown[..., :1], 3, axis=2) if shown.shape[2] < 3 else shown[..., :3])
    match prediction:
        case MaskPrediction():
            return _blended(picture, overlay(prediction.mask, colours))
        case SaliencyPrediction():
            levels = np.rint(prediction.saliency.clip(0, 1) * 255).astype(np.uint8)
            return _blended(picture, saliency_overlay(levels))
        case BoxPrediction():
            return _with_boxes(picture, prediction, colours, classes)
        case _:
            return picture


def _blended(picture: NDArray[np.uint8], painted: NDArray[np.uint8]) -> NDArray[np.uint8]:
    share = painted[..., 3:].astype(np.float32) / 255 * _OPACITY
    mixed: NDArray[np.uint8] = np.rint(picture * (1 - share) + painted[..., :3] * share).astype(np.uint8)
    return mixed


def _with_boxes(
    picture: NDArray[np.uint8], found: BoxPrediction, colours: Mapping[int, Colour], classes: Mapping[int, str]
) -> NDArray[np.uint8]:
    import cv2

    drawn = picture.copy()
    for box, score, label in zip(found.boxes_xyxy, found.scores.tolist(), found.labels.tolist(), strict=True):
        if score < _SURE:
            continue
        left, top, right, bottom = np.rint(box).astype(int).tolist()
        cv2.rectangle(drawn, (left, top), (right - 1, bottom - 1), colours[label], 1)
        place = (left, max(top - 2, 8))
        cv2.putText(drawn, f"{classes[label]} {score:.2f}", place, cv2.FONT_HERSHEY_SIMPLEX, 0.35, colours[label], 1)
    return drawn
