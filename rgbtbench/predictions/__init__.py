"""Predictions: what models return and what outside tools may write. Specification: docs/formats/predictions.md."""

from rgbtbench.predictions.boxes import BoxTable, read_boxes
from rgbtbench.predictions.kinds import BoxPrediction, MaskPrediction, Prediction
from rgbtbench.predictions.masks import read_masks
from rgbtbench.predictions.members import read_sidecar
from rgbtbench.predictions.sidecar import Sidecar
from rgbtbench.predictions.write import BoxWriter, MaskWriter

__all__ = [
    "BoxPrediction",
    "BoxTable",
    "BoxWriter",
    "MaskPrediction",
    "MaskWriter",
    "Prediction",
    "Sidecar",
    "read_boxes",
    "read_masks",
    "read_sidecar",
]
