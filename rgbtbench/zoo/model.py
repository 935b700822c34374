"""What every model offers: named losses for training, predictions in the original frame otherwise."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from rgbtbench.loading.batch import Batch
from rgbtbench.predictions.kinds import Prediction
from rgbtbench.zoo.spec import ModelSpec


class Model(nn.Module, ABC):
    """A network that reads batches.

    Attributes:
        spec: method, configuration, classes and wiring, as stored beside the weights.
    """

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.spec = spec

    @abstractmethod
    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the named terms of the loss, each a scalar float32; training minimises their sum."""

    @abstractmethod
    def predict(self, batch: Batch) -> Sequence[Prediction]:
        """Return one prediction for each valid sample, in the original frame, with the spec's class ids."""
