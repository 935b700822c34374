"""One prediction per image and task, as plain arrays in the frame of the original image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class MaskPrediction:
    """A semantic prediction.

    Attributes:
        key: the sample's key.
        mask: uint8 (H, W) of native class ids, at the size of the label.
    """

    key: str
    mask: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class SaliencyPrediction:
    """How much each pixel stands out.

    Attributes:
        key: the sample's key.
        saliency: floating-point (H, W) from 0 to 1, at the size of the label.
    """

    key: str
    saliency: NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class BoxPrediction:
    """A detection result; may be empty.

    Attributes:
        key: the sample's key.
        boxes_xyxy: float64 (N, 4), 0-based half-open, in pixels of the original image.
        scores: float64 (N,), higher is surer; any finite range.
        labels: int64 (N,), native class ids.
    """

    key: str
    boxes_xyxy: NDArray[np.float64]
    scores: NDArray[np.float64]
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TextPrediction:
    """An answer in words; may be empty.

    Attributes:
        key: the sample's key.
        answer: as the model gave it.
        task: what was asked, by the name that the sample's attribute `task` has; None where that goes without saying.
    """

    key: str
    answer: str
    task: str | None = None


Prediction = MaskPrediction | SaliencyPrediction | BoxPrediction | TextPrediction
