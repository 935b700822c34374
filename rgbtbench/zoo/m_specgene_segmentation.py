"""M-SpecGene's segmenter: one Vision Transformer for both cameras, and UPerNet.

Zhou et al., "M-SpecGene: Generalized Foundation Model for RGBT Multispectral Vision", ICCV 2025. Heads are
mmsegmentation's, which has to be installed; layers carry the published names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import Tensor

from rgbtbench.loading.batch import Batch
from rgbtbench.zoo.graph import Plain
from rgbtbench.zoo.image_features import image_features
from rgbtbench.zoo.m_specgene.dense import PUBLISHED_KEYS, DenseConfig, DenseNetwork, authors_options
from rgbtbench.zoo.m_specgene.tasks import CHANNELS, FED_BY
from rgbtbench.zoo.segmentation import SegmentationModel
from rgbtbench.zoo.spec import ModelSpec, Wiring

__all__ = ["CONFIG", "PUBLISHED_KEYS", "TASKS", "authors_options", "build", "slots"]

TASKS = ("semantic",)


class MSpecGeneSegmentationConfig(DenseConfig):
    """Configuration of the segmenter."""


CONFIG = MSpecGeneSegmentationConfig


def slots(config: MSpecGeneSegmentationConfig) -> Wiring:
    """Return the input slots with the modality that feeds each by default."""
    del config
    return dict(FED_BY)


def build(spec: ModelSpec, config: MSpecGeneSegmentationConfig) -> MSpecGeneSegmenter:
    """Return the segmenter with random weights."""
    return MSpecGeneSegmenter(spec, config)


class MSpecGeneSegmenter(SegmentationModel):
    """The network; images of any size are seen through windows."""

    def __init__(self, spec: ModelSpec, config: MSpecGeneSegmentationConfig) -> None:
        super().__init__(spec, preprocess=config.input_rules, channels=CHANNELS)
        self.network = DenseNetwork(config, len(spec.classes))

    def logits(self, images: Mapping[str, Tensor]) -> Tensor:
        """Return class logits (B, classes, H, W) of images: slot to float (B, 3, H, W)."""
        answer: Tensor = self.network(images)
        return answer

    def trained_logits(self, images: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the logits of each head; those of the second are called `auxiliary`."""
        return self.network.trained(images)

    def plain(self) -> Plain:
        """Return the network of one window, which other programs have to slide; see `SegmentationModel.plain`."""
        window = self.network.config.window_size
        rules = self.preprocess.model_copy(update={"edges": None, "fit": None, "size": window})
        return replace(super().plain(), rules=rules)

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
