"""M-SpecGene: Generalized Foundation Model for RGBT Multispectral Vision, its pre-training.

Zhou, Yang, Wang, Wen, Zi, Chen, Shen and Cao, ICCV 2025. One ViT encodes the visible patches of thermal and of RGB
images, one after the other; two decoders, each with one cross-attention to the other, reconstruct what was hidden.
What is hidden follows CMSS, a measure of how little there is to see, from easy to hard.
"""

from __future__ import annotations

from rgbtbench.zoo.m_specgene.config import SLOTS, MSpecGeneConfig
from rgbtbench.zoo.m_specgene.model import MSpecGene
from rgbtbench.zoo.m_specgene.published import PUBLISHED_KEYS
from rgbtbench.zoo.spec import ModelSpec, Wiring

__all__ = ["CONFIG", "PUBLISHED_KEYS", "TASKS", "build", "slots"]

TASKS = ("pretraining",)
CONFIG = MSpecGeneConfig


def slots(config: MSpecGeneConfig) -> Wiring:
    """Return the input slots with the modality that the paper feeds into each."""
    return dict(zip(SLOTS, ("lwir", "rgb"), strict=True))


def build(spec: ModelSpec, config: MSpecGeneConfig) -> MSpecGene:
    """Return the network with random weights."""
    return MSpecGene(spec, config)
