"""Predictions: what models return and what outside tools may write. Specification: docs/formats/predictions.md."""

from rgbtbench.predictions.boxes import BoxTable, read_boxes
from rgbtbench.predictions.kinds import BoxPrediction, MaskPrediction, Prediction, SaliencyPrediction, TextPrediction
from rgbtbench.predictions.masks import read_masks
from rgbtbench.predictions.members import read_sidecar
from rgbtbench.predictions.sidecar import Sidecar
from rgbtbench.predictions.texts import read_texts
from rgbtbench.predictions.write import BoxWriter, MaskWriter
from rgbtbench.predictions.write_maps import SaliencyWriter
from rgbtbench.predictions.write_texts import TextWriter

__all__ = [
    "BoxPrediction",
    "BoxTable",
    "BoxWriter",
    "MaskPrediction",
    "MaskWriter",
    "Prediction",
    "SaliencyPrediction",
    "SaliencyWriter",
    "Sidecar",
    "TextPrediction",
    "TextWriter",
    "read_boxes",
    "read_masks",
    "read_sidecar",
    "read_texts",
]
