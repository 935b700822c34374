"""What is measured of a model: one pass, of networks that predict and of those that only learn from pairs."""

from __future__ import annotations

from typing import Final

from rgbtbench.loading.batch import Batch
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.pretraining import PretrainingModel

_PREDICTING: Final = "predict: pixels to floats, network, and its outputs to predictions in the original frame"
_PRETRAINING: Final = "one pass of the pre-training, without gradients: pixels to floats, hiding, network, and losses"


def one_pass(model: Model, batch: Batch) -> object:
    """Predict; or, of networks that predict nothing, compute the losses of a validation."""
    return model(batch) if isinstance(model, PretrainingModel) else model.predict(batch)


def scope(model: Model) -> str:
    """Return what `one_pass` does, in words."""
    return _PRETRAINING if isinstance(model, PretrainingModel) else _PREDICTING
