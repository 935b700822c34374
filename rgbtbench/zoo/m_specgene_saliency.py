"""M-SpecGene's network for salient objects: its segmenter with two classes, background and saliency.

Zhou et al., "M-SpecGene: Generalized Foundation Model for RGBT Multispectral Vision", ICCV 2025. The published maps are
the surer class of each pixel; the chances that they are taken from are the soft variant, which is our addition. Heads
are mmsegmentation's, which has to be installed; layers carry the published names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field
from torch import Tensor

from rgbtbench.loading.batch import Batch
from rgbtbench.zoo.m_specgene.dense import PUBLISHED_KEYS, DenseConfig, DenseNetwork, authors_options
from rgbtbench.zoo.m_specgene.dense_model import DenseModel
from rgbtbench.zoo.m_specgene.tasks import CHANNELS, FED_BY
from rgbtbench.zoo.preprocess import to_frame
from rgbtbench.zoo.saliency import SaliencyModel, known_masks
from rgbtbench.zoo.saliency_losses import binary_cross_entropy
from rgbtbench.zoo.spec import ModelSpec, Wiring

__all__ = ["CONFIG", "PUBLISHED_KEYS", "TASKS", "authors_options", "build", "slots"]

TASKS = ("saliency",)
_CLASSES: Final = 2


class MSpecGeneSaliencyConfig(DenseConfig):
    """Configuration of the network."""

    maps: Literal["hard", "soft"] = Field(
        "hard", description="hard: 1 where saliency is the surer class, else 0, as published; soft: its chance"
    )


CONFIG = MSpecGeneSaliencyConfig


def slots(config: MSpecGeneSaliencyConfig) -> Wiring:
    """Return the input slots with the modality that feeds each by default."""
    del config
    return dict(FED_BY)


def build(spec: ModelSpec, config: MSpecGeneSaliencyConfig) -> MSpecGeneSaliency:
    """Return the network with random weights."""
    return MSpecGeneSaliency(spec, config)


class MSpecGeneSaliency(DenseModel, SaliencyModel):
    """The network; images of any size are seen through windows."""

    def __init__(self, spec: ModelSpec, config: MSpecGeneSaliencyConfig) -> None:
        super().__init__(spec, preprocess=config.input_rules, channels=CHANNELS)
        self.config = config
        self.network = DenseNetwork(config, _CLASSES)

    def logits(self, images: Mapping[str, Tensor]) -> Tensor:
        """Return (B, 1, H, W), how much surer saliency is than background: the logit of its chance."""
        return _lead(self.network(images))

    def saliency(self, logits: Tensor) -> Tensor:
        """Return values from 0 to 1 of logits in the original frame, as the configuration says."""
        return super().saliency(logits) if self.config.maps == "soft" else (logits > 0).to(logits)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the cross-entropy of both heads over pixels, which of two classes is the binary one."""
        masks, known = known_masks(batch)
        return {
            f"{head}_binary_cross_entropy".removeprefix("_"): binary_cross_entropy(
                to_frame(_lead(logits), batch, self.preprocess), masks, known
            )
            for head, logits in self.network.trained(self.images(batch)).items()
        }


def _lead(logits: Tensor) -> Tensor:
    return logits[:, 1:] - logits[:, :1]
