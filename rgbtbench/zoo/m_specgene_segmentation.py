"""M-SpecGene's segmenter: one Vision Transformer for both cameras, and UPerNet.

Zhou et al., "M-SpecGene: Generalized Foundation Model for RGBT Multispectral Vision", ICCV 2025. Heads are
mmsegmentation's, which has to be installed; layers carry the published names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from rgbtbench.zoo.graph import Plain
from rgbtbench.zoo.m_specgene.dense import PUBLISHED_KEYS, DenseConfig, DenseNetwork, authors_options
from rgbtbench.zoo.m_specgene.dense_model import DenseModel
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


class MSpecGeneSegmenter(DenseModel, SegmentationModel):
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
