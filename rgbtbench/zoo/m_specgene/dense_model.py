"""What the segmenter and the saliency network share as models: the encoder's features, weights and layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from rgbtbench.loading.batch import Batch
from rgbtbench.zoo.image_features import image_features
from rgbtbench.zoo.m_specgene.dense import DenseNetwork
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.preprocess import Preprocess


class DenseModel(Model):
    """A model whose `network` is a `DenseNetwork`; comes before the class of its task among a model's bases."""

    network: DenseNetwork
    preprocess: Preprocess
    channels: Mapping[str, int]

    def features(self, batch: Batch, size: tuple[int, int] | None = None) -> dict[str, Tensor]:
        """Return the tokens of each image after the last block that the heads look at; see `DenseNetwork.tokens`."""
        return image_features(
            batch,
            self.network.tokens,
            rules=self.preprocess,
            inputs=self.inputs_for(batch),
            channels=self.channels,
            patch=self.network.config.patch,
            size=size,
        )

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of a pre-trained encoder; see `DenseNetwork.encoder_state`."""
        return self.network.encoder_state(name, state)

    def layers(self) -> Sequence[Sequence[str]]:
        """Return the order of layers; see `Model.layers`."""
        return self.network.layers()
