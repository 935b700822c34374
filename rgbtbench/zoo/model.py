"""What every model offers: named losses for training, predictions in the original frame otherwise."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from rgbtbench.cards.losses import PixelLoss
from rgbtbench.errors import RecipeError
from rgbtbench.loading.batch import Batch
from rgbtbench.predictions.kinds import Prediction
from rgbtbench.zoo.graph import Plain
from rgbtbench.zoo.spec import ModelSpec, Wiring


class Model(nn.Module, ABC):
    """A network that reads batches.

    Attributes:
        spec: method, configuration, classes and wiring, as stored beside the weights.
        class_ids: int64 (C,), the label id of each output; `rgbtbench.zoo.answers` changes it while a jointly trained
            model answers in a dataset's own classes, -1 marking outputs that are none of them.
        takes_absent: whether it computes without the modalities that `Batch.present` says are not there, which
            `missing:<modality>/drop` asks for; other models are refused that condition.
        remaps: whether `forward` adds the loss in each dataset's own classes that `ModelSpec.remap` asks for.
    """

    class_ids: Tensor
    takes_absent: ClassVar[bool] = False
    remaps: ClassVar[bool] = False

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.spec = spec
        self.register_buffer("class_ids", torch.tensor(spec.class_ids, dtype=torch.int64), persistent=False)

    def inputs_for(self, batch: Batch) -> Wiring:
        """Return what feeds each slot in a batch.

        Raises:
            RecipeError: the batch mixes datasets that feed the slots differently.
        """
        wirings = [self.spec.inputs_of(dataset) for dataset in dict.fromkeys(batch.datasets)] or [self.spec.inputs]
        if any(wiring != wirings[0] for wiring in wirings):
            raise RecipeError(
                f"a batch of {', '.join(dict.fromkeys(batch.datasets))}, which feed the model differently",
                remedy="set data.mixing.batches to single",
            )
        return wirings[0]

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of a pre-trained encoder under the names that they have in this model.

        Args:
            name: of the encoder, as in `rgbtbench.zoo.encoders`.
            state: its tensors under their published names.

        Raises:
            RecipeError: the model does not start from this encoder.
        """
        raise RecipeError(f"initial_weights: {self.spec.method} starts from no encoder such as {name}")

    def choose_losses(self, losses: Sequence[PixelLoss]) -> None:
        """Train with these losses between maps of class logits and labels, instead of the method's own.

        Raises:
            RecipeError: the model has no such maps, or a loss does not fit its classes.
        """
        raise RecipeError(
            f"losses.pixels: {self.spec.method} has no class logits of pixels",
            remedy="leave losses.pixels out; losses.weights weighs the model's own losses",
        )

    def plain(self) -> Plain:
        """Return the network without batches, for other programs; see `rgbtbench.zoo.onnx_file`.

        Raises:
            RecipeError: it cannot be said without batches, and why.
        """
        raise RecipeError(
            f"{self.spec.method} does not say what it computes without batches",
            remedy="use it from Python (rgbtbench.load_model)",
        )

    def features(self, batch: Batch, size: tuple[int, int] | None = None) -> dict[str, Tensor]:
        """Return what the encoder makes of each image by itself, for matching and for other programs.

        Args:
            batch: images; labels have no part in it.
            size: height and width of the network's input; None: as configured.

        Returns:
            Modality to floats (B, D, rows, columns) of a grid of equal cells that covers the frame. Those of one image
            do not depend on the other.

        Raises:
            RecipeError: the model has no such features, or not of this size.
        """
        raise RecipeError(
            f"{self.spec.method} does not give features of each image by itself",
            remedy="take a method that does, such as m_specgene",
        )

    def layers(self) -> Sequence[Sequence[str]]:
        """Return the order of the layers, for learning rates that decay towards the input.

        Returns:
            For each layer, the input's first, patterns of the names of its parameters or modules, such as
            `[("patch_embed", "pos_embed"), ("blocks.0",), ("blocks.1",)]`. What is in none of them, such as a head,
            comes after the last. Nothing where the network has no such order.
        """
        return ()

    def begin_step(self, progress: float) -> None:
        """Take note, before each step of a training, of which share of it is done, from 0 to below 1."""

    def training_state(self) -> dict[str, Any]:
        """Return what training remembers beside weights, as plain data, the same on all processes.

        It goes into checkpoints, and `load_training_state` puts it back; it is no part of the result.
        """
        return {}

    def load_training_state(self, state: Mapping[str, Any]) -> None:
        """Go back to where `training_state` was taken."""

    @abstractmethod
    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the named terms of the loss, each a scalar float32; training minimises their sum."""

    @abstractmethod
    def predict(self, batch: Batch) -> Sequence[Prediction]:
        """Return one prediction for each valid sample, in the original frame, with the spec's class ids."""
