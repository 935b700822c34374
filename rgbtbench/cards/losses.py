"""What a training minimises: the part of a recipe that names losses and their weights."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from rgbtbench.cards.schema import Strict

#: Class name to its weight; 1 for the others, and 0 for one that teaches nothing.
ClassWeights = dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]
#: Name of a term of the loss, `*` standing for any characters.
Term = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_*?\[\]!-]+$", max_length=100)]
_Odd = Annotated[int, Field(ge=3, le=99)]


class CrossEntropy(Strict):
    """Mean over labelled pixels, weighted by class; `label_smoothing` of a pixel is spread over all classes."""

    name: Literal["cross_entropy"] = "cross_entropy"
    class_weights: ClassWeights = Field(default_factory=dict)
    label_smoothing: float = Field(0.0, ge=0, lt=1)


class OhemCrossEntropy(Strict):
    """Cross-entropy of hard pixels alone (online hard example mining), by default as DELIVER's code has it."""

    name: Literal["ohem_cross_entropy"]
    chance: float = Field(0.7, gt=0, lt=1, description="pixels whose class is given less are hard")
    least: int = Field(16, ge=1, description="of so many labelled pixels at least one is taken, the hardest first")
    class_weights: ClassWeights = Field(default_factory=dict)


class Focal(Strict):
    """Cross-entropy times `(1 - p) ** gamma`, p being the chance of the pixel's class (Lin et al., ICCV 2017)."""

    name: Literal["focal"]
    gamma: float = Field(2.0, ge=0, le=10)
    class_weights: ClassWeights = Field(default_factory=dict)


class Dice(Strict):
    """One minus the Dice coefficient with squares in its divisor (Milletari, Navab and Ahmadi, 3DV 2016)."""

    name: Literal["dice"]


class Boundary(Strict):
    """One minus the F1 score of class boundaries (Bokhovkin and Burnaev, 2019)."""

    name: Literal["boundary"]
    width: _Odd = Field(3, description="side of the square within which a pixel of another class makes a boundary")
    tolerance: _Odd = Field(5, description="side of the square within which boundaries count as met")

    @model_validator(mode="after")
    def _squares_have_a_centre(self) -> Self:
        if self.width % 2 == 0 or self.tolerance % 2 == 0:
            raise ValueError("width and tolerance are odd")
        return self


PixelLoss = Annotated[CrossEntropy | OhemCrossEntropy | Focal | Dice | Boundary, Field(discriminator="name")]


class Losses(Strict):
    """Which losses there are and how much each counts.

    A model names the terms of its loss; training minimises the sum of them, each times its weight.
    """

    pixels: tuple[PixelLoss, ...] = Field(
        (), description="of every map of class logits; none: cross_entropy. Each is a term of the same name"
    )
    weights: dict[Term, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        default_factory=dict, description="name of a term, or a pattern, to its weight; 1 for the others"
    )

    @model_validator(mode="after")
    def _names_are_distinct(self) -> Self:
        names = [loss.name for loss in self.pixels]
        if len(set(names)) != len(names):
            raise ValueError(f"a loss is named once: {', '.join(names)}")
        return self
