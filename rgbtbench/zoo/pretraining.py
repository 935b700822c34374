"""What networks that learn from pairs without labels share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Final, NoReturn

from torch import Tensor

from rgbtbench.errors import RecipeError
from rgbtbench.loading.batch import Batch
from rgbtbench.snapshots import Snapshot
from rgbtbench.zoo.model import Model

#: What to do with weights of a pre-training.
TRAIN_FROM_IT: Final = "train a method for a task from its weights, with initial_weights"


class PretrainingModel(Model):
    """A network with losses and no predictions; its encoder is what other trainings start from."""

    def predict(self, batch: Batch) -> NoReturn:
        """Refuse.

        Raises:
            RecipeError: always.
        """
        raise RecipeError(f"{self.spec.method} was pre-trained and predicts nothing yet", remedy=TRAIN_FROM_IT)

    @abstractmethod
    def snapshot(self, batch: Batch, step: int) -> Snapshot:
        """Return what the network makes of a batch after a step, as pictures; nothing in the training may move."""

    @abstractmethod
    def pretrained_encoder(self, state: Mapping[str, Tensor]) -> tuple[str, dict[str, Tensor]]:
        """Return what other trainings start from.

        Args:
            state: of the whole network.

        Returns:
            What the encoder is called, by `rgbtbench.zoo.encoders`, and its tensors under the names of its kind there.
        """
