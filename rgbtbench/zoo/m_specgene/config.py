"""Configuration of M-SpecGene's pre-training."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rgbtbench.cards.schema import Strict
from rgbtbench.zoo.encoders import vit_name
from rgbtbench.zoo.m_specgene.cmss import Variance
from rgbtbench.zoo.parts.mit import Grid
from rgbtbench.zoo.parts.vit_config import EncoderChoice, Transformer
from rgbtbench.zoo.preprocess import IMAGENET, Preprocess

#: In the order of the paper's equations and of the released code: its first modality is thermal.
SLOTS = ("thermal", "rgb")


class _Masking(Strict):
    """What all ways of masking share."""

    mask_ratio: float = Field(0.9, gt=0, lt=1, description="share of the patches that are hidden, rounded up")


class RandomMasking(_Masking):
    """Patches by chance alone.

    `independent`: each modality by itself, as MAE masks images. `shared`: the same patches in both. `complementary`: a
    patch is visible in one modality at most.
    """

    name: Literal["independent", "shared", "complementary"]


class GaussianMasking(_Masking):
    """CMSS values from one Gaussian that moves on, the released code's earlier way (complementary, no mixture)."""

    name: Literal["gaussian"]
    deviation: float = Field(0.2, gt=0)
    final_mean: float = Field(0.5, ge=0, le=1, description="at the end of training; it rises from 0 by the progress")
    hidden_more: int = Field(0, ge=0, description="thermal patches hidden, and RGB patches shown, beyond the ratio")


class GmmCmssMasking(_Masking):
    """GMM-CMSS progressive masking, the paper's.

    Attributes:
        components: of the mixture.
        epochs: steps of the curriculum over a whole training, as many as epochs in the paper.
        largest_ratio: of hidden patches that a modality which is easier to reconstruct may reach.
        variance: what CMSS divides by; `thermal_squared` is what the released code computes.
        mixed_draws: every image gets values of every component, as the paper's figure has it. False: components fill
            the images of a batch one after the other, as in the released code.
    """

    name: Literal["gmm_cmss"] = "gmm_cmss"
    components: int = Field(3, ge=1, le=16)
    epochs: int = Field(100, ge=2)
    largest_ratio: float = Field(0.95, gt=0, lt=1)
    variance: Variance = "symmetric"
    mixed_draws: bool = True

    @model_validator(mode="after")
    def _the_largest_ratio_is_larger(self) -> Self:
        if self.largest_ratio < self.mask_ratio:
            raise ValueError(f"largest_ratio {self.largest_ratio:g} lies below mask_ratio {self.mask_ratio:g}")
        return self


Masking = Annotated[RandomMasking | GaussianMasking | GmmCmssMasking, Field(discriminator="name")]


class MSpecGeneConfig(EncoderChoice):
    """Configuration of the pre-training.

    Attributes:
        decoder: of each modality's branch.
        cross_attention: each branch looks once at the other's tokens; without it the encoder alone is shared.
        masking: which patches are visible in training. Validation hides patches by chance, the same ones every time.
        preprocess: `size` is what images have in training and validation.
    """

    decoder: Transformer = Transformer(width=512, depth=4, heads=16)
    cross_attention: bool = True
    masking: Masking = GmmCmssMasking()
    preprocess: Preprocess = Preprocess(size=(224, 224), normalisation=dict.fromkeys(SLOTS, IMAGENET))

    @model_validator(mode="after")
    def _patches_fill_the_image(self) -> Self:
        size = self.preprocess.size
        if size is None or any(side % self.patch for side in size):
            raise ValueError(f"preprocess.size must be given, in multiples of {self.patch}")
        if self.preprocess.multiple_of != 1:
            raise ValueError("preprocess.multiple_of has no part in pre-training")
        if self.visible < 1:
            raise ValueError(f"masking.mask_ratio {self.masking.mask_ratio:g} leaves no patch visible")
        return self

    @property
    def grid(self) -> Grid:
        """Rows and columns of patches."""
        height, width = self.preprocess.size or (0, 0)
        return height // self.patch, width // self.patch

    @property
    def encoder_name(self) -> str:
        """What the encoder is called; see `vit_name`."""
        return vit_name(self.encoder_size, patch=self.patch, grid=self.grid)

    @property
    def visible(self) -> int:
        """Patches of each modality that are visible where none is to be favoured: 19 of 196 at a ratio of 0.9."""
        return math.floor(math.prod(self.grid) * (1 - self.masking.mask_ratio))
