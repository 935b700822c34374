"""What networks for salient object detection share: from a batch to logits, their losses and their maps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from rgbtbench.loading.batch import Batch, content_sizes
from rgbtbench.loading.one_size import parts_of_one_size
from rgbtbench.predictions.kinds import SaliencyPrediction
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.preprocess import Preprocess, in_original_frame, network_inputs, to_frame
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

    def saliency(self, logits: Tensor) -> Tensor:
        """Return values from 0 to 1 of logits in the original frame: their chances."""
        return torch.sigmoid(logits)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the binary cross-entropy over pixels, and one minus the soft intersection over union of images."""
        masks, known = known_masks(batch)
        logits = to_frame(self.logits(self.images(batch)), batch, self.preprocess)
        return {
            "binary_cross_entropy": binary_cross_entropy(logits, masks, known),
            "soft_iou": soft_iou(logits, masks, known),
        }

    def predict(self, batch: Batch) -> list[SaliencyPrediction]:
        """Return one map from 0 to 1 per valid sample, at its original size.

        Samples of other sizes in the batch change nothing: none is padded to the size of another.
        """
        return [prediction for part in parts_of_one_size(batch) for prediction in self._maps(part)]

    def _maps(self, batch: Batch) -> Iterator[SaliencyPrediction]:
        logits = to_frame(self.logits(self.images(batch)), batch, self.preprocess).float()
        contents = content_sizes(batch).tolist()
        for row, valid in enumerate(batch.valid.tolist()):
            if valid:
                height, width = batch.sizes[row].tolist()
                own = in_original_frame(logits[row], content=tuple(contents[row]), size=(height, width))
                yield SaliencyPrediction(batch.keys[row], self.saliency(own[0]).cpu().numpy())

    def images(self, batch: Batch) -> dict[str, Tensor]:
        """Return slot to the network's input, float32 (B, C, H, W)."""
        return network_inputs(batch, self.preprocess, inputs=self.inputs_for(batch), channels=self.channels)


def known_masks(batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the masks float32 (B, 1, H, W) of a batch, and bool (B, H, W), which of their pixels count."""
    if batch.saliency is None:
        raise ValueError("the batch holds no saliency masks")
    return batch.saliency, batch.pixel_mask & batch.valid[:, None, None]
