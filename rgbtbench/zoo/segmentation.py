"""What networks for semantic segmentation share: from a batch to logits, their losses and their masks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Literal

from torch import Tensor

from rgbtbench.loading.batch import Batch
from rgbtbench.predictions.kinds import MaskPrediction
from rgbtbench.zoo.losses import class_weights as weights_by_output
from rgbtbench.zoo.losses import native_cross_entropy, pixel_cross_entropy
from rgbtbench.zoo.masks import mask_predictions
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.ohem import ohem_cross_entropy
from rgbtbench.zoo.preprocess import Preprocess, network_inputs, to_frame
from rgbtbench.zoo.spec import ModelSpec

#: Of all labelled pixels, or of the hard ones.
PixelLoss = Literal["cross_entropy", "ohem_cross_entropy"]


class SegmentationModel(Model):
    """A network that gives class logits for images.

    Args:
        spec: of the model.
        preprocess: how pixels become the network's input.
        channels: slot to the number of channels that the network takes there.
        loss: what training minimises.
        class_weights: class name to its weight in the loss, 1 where none is given; `cross_entropy` only.
    """

    class_weights: Tensor | None
    remaps = True

    def __init__(
        self,
        spec: ModelSpec,
        *,
        preprocess: Preprocess,
        channels: Mapping[str, int],
        loss: PixelLoss = "cross_entropy",
        class_weights: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(spec)
        self.preprocess, self.channels, self.loss = preprocess, channels, loss
        self.register_buffer("class_weights", weights_by_output(class_weights or {}, spec.classes), persistent=False)

    @abstractmethod
    def logits(self, images: Mapping[str, Tensor]) -> Tensor:
        """Return class logits (B, classes, H, W) of images: slot to float (B, C, H, W)."""

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the loss over labelled pixels, and where asked for the one in each dataset's own classes."""
        logits, weights = self._batch_logits(batch), self.class_weights
        if self.loss == "ohem_cross_entropy":
            losses = {"ohem_cross_entropy": ohem_cross_entropy(logits, batch, self.class_ids)}
        else:
            losses = {"cross_entropy": pixel_cross_entropy(logits, batch, self.class_ids, class_weights=weights)}
        if self.spec.remap:
            losses["native_cross_entropy"] = native_cross_entropy(logits, batch, self.spec, class_weights=weights)
        return losses

    def predict(self, batch: Batch) -> list[MaskPrediction]:
        """Return one mask of class ids per valid sample, at its original size."""
        return mask_predictions(self._batch_logits(batch), batch, self.class_ids)

    def _batch_logits(self, batch: Batch) -> Tensor:
        images = network_inputs(batch, self.preprocess, inputs=self.inputs_for(batch), channels=self.channels)
        return to_frame(self.logits(images), batch, self.preprocess)
