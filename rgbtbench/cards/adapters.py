"""Small trained additions to a network that stays as it is: the part of a recipe that names them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rgbtbench.cards.optimisation import Patterns
from rgbtbench.cards.schema import Strict


class Lora(Strict):
    """Low-rank adaptation (Hu et al., ICLR 2022): `(alpha / rank) up down` is learnt and added to a layer's weight.

    In the weights that a run ends with the sum stands in the layer's place.
    """

    name: Literal["lora"]
    match: Patterns = Field(min_length=1, description="linear layers")
    rank: int = Field(8, ge=1)
    alpha: float = Field(8.0, gt=0, allow_inf_nan=False)


class Bottleneck(Strict):
    """A narrow network beside a shortcut, behind a linear layer (Houlsby et al., ICML 2019)."""

    name: Literal["bottleneck"]
    match: Patterns = Field(min_length=1, description="linear layers")
    width: int = Field(64, ge=1)


Adapter = Annotated[Lora | Bottleneck, Field(discriminator="name")]
