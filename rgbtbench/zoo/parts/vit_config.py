"""What the configurations of methods on a Vision Transformer share: a published size, or any other."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from rgbtbench.cards.schema import Strict
from rgbtbench.zoo.encoders import vit_name
from rgbtbench.zoo.parts.mit import Grid
from rgbtbench.zoo.parts.vit import VIT_SIZES, VitName, VitSize
from rgbtbench.zoo.parts.vitdet import PATCH, PRETRAINED_GRID


class Transformer(Strict):
    """Channels of a token, number of blocks, heads of each, and how much wider feed-forward networks are inside."""

    width: int = Field(ge=4, multiple_of=4)
    depth: int = Field(ge=1, le=48)
    heads: int = Field(ge=1)
    mlp_ratio: int = Field(4, ge=1)

    @model_validator(mode="after")
    def _heads_share_the_channels(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"{self.width} channels cannot be shared by {self.heads} heads")
        return self

    @property
    def size(self) -> VitSize:
        """The same for `Vit`."""
        return VitSize(self.width, self.depth, self.heads, self.mlp_ratio)


class Patches(Strict):
    """How images become tokens."""

    patch: int = Field(PATCH, ge=1, description="of a ViT: side of a patch in pixels")


class PretrainedPatches(Patches):
    """The same of a network for a task, which may have been pre-trained on images of another size."""

    pretrained_grid: Grid = Field(
        PRETRAINED_GRID, description="of a ViT: rows and columns of patches in pre-training; positions are resized"
    )


class EncoderChoice(Patches):
    """The encoder: ViT-S, -B or -L, or a network of any other size."""

    encoder: VitName | Transformer = "vit_b"

    @property
    def encoder_size(self) -> VitSize:
        """Size of the encoder."""
        return self.encoder.size if isinstance(self.encoder, Transformer) else VIT_SIZES[self.encoder]


class TaskEncoder(EncoderChoice, PretrainedPatches):
    """The encoder of a network for a task."""

    @property
    def encoder_name(self) -> str:
        """What an encoder is called that fits; see `vit_name`."""
        return vit_name(self.encoder_size, patch=self.patch, grid=self.pretrained_grid)
