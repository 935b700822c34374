"""What networks for semantic segmentation share: from a batch to logits, their losses and their masks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from torch import Tensor

from rgbtbench.cards.losses import CrossEntropy, PixelLoss
from rgbtbench.errors import RecipeError
from rgbtbench.loading.batch import Batch
from rgbtbench.loading.one_size import parts_of_one_size
from rgbtbench.predictions.kinds import MaskPrediction
from rgbtbench.zoo.criterion import Criterion
from rgbtbench.zoo.graph import Plain
from rgbtbench.zoo.losses import class_indices, native_cross_entropy
from rgbtbench.zoo.masks import mask_predictions
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.preprocess import Preprocess, network_inputs, to_frame
from rgbtbench.zoo.spec import ModelSpec


class SegmentationModel(Model):
    """A network that gives class logits for images.

    Args:
        spec: of the model.
        preprocess: how pixels become the network's input.
        channels: slot to the number of channels that the network takes there.
        loss: between logits and labels, unless a recipe chooses others; None for the plain cross-entropy.
    """

    remaps = True

    def __init__(
        self,
        spec: ModelSpec,
        *,
        preprocess: Preprocess,
        channels: Mapping[str, int],
        loss: PixelLoss | None = None,
    ) -> None:
        super().__init__(spec)
        self.preprocess, self.channels = preprocess, channels
        self.criterion = Criterion([loss or CrossEntropy()], spec.classes, owner="model.config")

    @abstractmethod
    def logits(self, images: Mapping[str, Tensor]) -> Tensor:
        """Return class logits (B, classes, H, W) of images: slot to float (B, C, H, W)."""

    def trained_logits(self, images: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return every map of class logits that is learnt from, by name.

        Networks with auxiliary outputs give theirs too. The loss `ohem_cross_entropy` of the map `auxiliary` is the
        term `auxiliary_ohem_cross_entropy`, and that of the map without a name `ohem_cross_entropy`.
        """
        return {"": self.logits(images)}

    def plain(self) -> Plain:
        """Return the network without batches: `logits` (B, classes, H, W), in the order of `ModelSpec.class_ids`."""

        def outputs(images: Mapping[str, Tensor], size: tuple[int, int]) -> dict[str, Tensor]:
            return {"logits": self.logits(images)[..., : size[0], : size[1]]}

        channels = {slot: self.channels[slot] for slot in self.spec.inputs}
        return Plain(channels, self.preprocess, outputs, ("logits",))

    def choose_losses(self, losses: Sequence[PixelLoss]) -> None:
        """Train with these losses.

        Raises:
            RecipeError: a weight of a class that there is not, or the method's configuration has weights of its own.
        """
        if self.criterion.class_weights is not None:
            raise RecipeError(
                "model.config.class_weights weighs the loss that losses.pixels takes the place of",
                remedy="give class_weights in losses.pixels",
            )
        self.criterion = Criterion(losses, self.spec.classes)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses over labelled pixels, and where asked for that in each dataset's own classes."""
        target = class_indices(batch, self.class_ids)
        terms: dict[str, Tensor] = {}
        for name, logits in self.trained_logits(self._images(batch)).items():
            whole = to_frame(logits, batch, self.preprocess)
            prefix = f"{name}_" if name else ""
            terms |= {f"{prefix}{loss}": value for loss, value in self.criterion(whole, target).items()}
            if self.spec.remap:
                terms[f"{prefix}native_cross_entropy"] = native_cross_entropy(
                    whole, batch, self.spec, class_weights=self.criterion.class_weights
                )
        return terms

    def predict(self, batch: Batch) -> list[MaskPrediction]:
        """Return one mask of class ids per valid sample, at its original size.

        Samples of other sizes in the batch change nothing: none is padded to the size of another.
        """
        return [
            prediction
            for part in parts_of_one_size(batch)
            for prediction in mask_predictions(self._frame_logits(part), part, self.class_ids)
        ]

    def _frame_logits(self, batch: Batch) -> Tensor:
        return to_frame(self.logits(self._images(batch)), batch, self.preprocess)

    def _images(self, batch: Batch) -> dict[str, Tensor]:
        return network_inputs(batch, self.preprocess, inputs=self.inputs_for(batch), channels=self.channels)
