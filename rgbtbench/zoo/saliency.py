"""What networks for salient object detection share: from a batch to logits, their losses and their maps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from rgbtbench.loading.batch import Batch
from rgbtbench.loading.one_size import parts_of_one_size
from rgbtbench.predictions.kinds import SaliencyPrediction
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.preprocess import Preprocess, content_sizes, in_original_frame, network_inputs, to_frame
from rgbtbench.zoo.saliency_losses import binary_cross_entropy, soft_iou
from rgbtbench.zoo.spec import ModelSpec


class SaliencyModel(Model):
    """A network that gives a logit for every pixel: how much it stands out.

    Args:
        spec: of the model.
        preprocess: how pixels become the network's input.
        channels: slot to the number of channels that the network takes there.
    """

    def __init__(self, spec: ModelSpec, *, preprocess: Preprocess, channels: Mapping[str, int]) -> None:
        super().__init__(spec)
        self.preprocess, self.channels = preprocess, channels

    @abstractmethod
    def logits(self, images: Mapping[str, Tensor]) -> Tensor:
        """Return logits (B, 1, H, W) of images: slot to float (B, C, H, W)."""

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the binary cross-entropy over pixels, and one minus the soft intersection over union of images."""
        if batch.saliency is None:
            raise ValueError("the batch holds no saliency masks")
        logits = self._frame_logits(batch)
        known = batch.pixel_mask & batch.valid[:, None, None]
        return {
            "binary_cross_entropy": binary_cross_entropy(logits, batch.saliency, known),
            "soft_iou": soft_iou(logits, batch.saliency, known),
        }

    def predict(self, batch: Batch) -> list[SaliencyPrediction]:
        """Return one map from 0 to 1 per valid sample, at its original size.

        Samples of other sizes in the batch change nothing: none is padded to the size of another.
        """
        return [prediction for part in parts_of_one_size(batch) for prediction in self._maps(part)]

    def _maps(self, batch: Batch) -> Iterator[SaliencyPrediction]:
        logits, contents = self._frame_logits(batch).float(), content_sizes(batch).tolist()
        for row, valid in enumerate(batch.valid.tolist()):
            if valid:
                height, width = batch.sizes[row].tolist()
                own = in_original_frame(logits[row], content=tuple(contents[row]), size=(height, width))
                yield SaliencyPrediction(batch.keys[row], torch.sigmoid(own[0]).cpu().numpy())

    def _frame_logits(self, batch: Batch) -> Tensor:
        images = network_inputs(batch, self.preprocess, inputs=self.inputs_for(batch), channels=self.channels)
        return to_frame(self.logits(images), batch, self.preprocess)
