"""Predictions: what models return and what outside tools may write. Specification: docs/formats/predictions.md."""

from rgbtbench.predictions.kinds import BoxPrediction, MaskPrediction, Prediction

__all__ = ["BoxPrediction", "MaskPrediction", "Prediction"]
