"""Schema of a study: one recipe trained in several variants and compared under one protocol.

A study is a file, `models/<method>/studies/<name>.yaml`, so that a comparison can be repeated and read.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from rgbtbench.cards.schema import Strict


class Variant(Strict):
    """One column of the comparison.

    Attributes:
        name: what sets it apart, as the leaderboard shows it: `rgb+lwir`.
        set: overrides of the recipe, `a.b=c`.
        pretraining: `<method>/<recipe>` that is trained first with the same seed, and whose weights it begins with;
            None for what the recipe begins with.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9+_-]*$", max_length=40)
    set: tuple[str, ...] = ()
    pretraining: str | None = None


class Study(Strict):
    """A comparison of variants.

    Attributes:
        summary: the question that it asks.
        recipe: `<method>/<recipe>` that all variants share.
        set: overrides for all variants.
        protocol: id of the protocol that decides.
        seeds: each variant is trained once with each.
    """

    summary: str
    recipe: str
    set: tuple[str, ...] = ()
    protocol: str
    seeds: tuple[int, ...] = Field((0,), min_length=1)
    variants: tuple[Variant, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [variant.name for variant in self.variants]
        if len(set(names)) != len(names) or len(set(self.seeds)) != len(self.seeds):
            raise ValueError("names of variants and seeds must be unique")
        return self
