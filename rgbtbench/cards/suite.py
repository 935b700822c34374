"""Schema of a suite of conditions: `conditions/suites/<name>.yaml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Formatter
from typing import Literal, Self

from pydantic import Field, model_validator

from rgbtbench.cards.schema import MODALITY_KINDS, Name, Strict
from rgbtbench.cards.yaml_file import load_card
from rgbtbench.errors import UnknownNameError, did_you_mean
from rgbtbench.resources import data_root

Value = int | float | str


class Line(Strict):
    """Conditions that differ in what stands at certain places of their id.

    `each` gives each input of the model in turn, `moved` each that the labels do not follow, `subsets` every set of
    inputs but none and all, `all` the set of all; the condition of a set is that of all its inputs together.
    """

    condition: str = Field(description="id with `{modality}` and the names of `values` in braces")
    modalities: Literal["each", "moved", "subsets", "all"]
    kinds: tuple[Name, ...] = Field((), description="kinds of modality that it is for; all if none is named")
    values: dict[Name, tuple[Value, ...]] = Field(default_factory=dict, description="what stands at each other place")

    @model_validator(mode="after")
    def _places_are_filled(self) -> Self:
        places = {name for _, name, _, _ in Formatter().parse(self.condition) if name is not None}
        if places != {"modality", *self.values}:
            raise ValueError(f"the condition has places {sorted(places)}, filled are modality and {list(self.values)}")
        if unknown := set(self.kinds) - set(MODALITY_KINDS):
            raise ValueError(f"no kind of modality: {', '.join(sorted(unknown))}")
        return self


class Suite(Strict):
    """A list of conditions that a model is evaluated under, one after the other."""

    summary: str
    lines: tuple[Line, ...] = Field(min_length=1)


@cache
def _files() -> dict[str, Path]:
    return {path.stem: path for path in sorted((data_root() / "conditions" / "suites").glob("*.yaml"))}


def suite_names() -> list[str]:
    """Return the names of all suites, sorted."""
    return sorted(_files())


def load_suite(name: str) -> Suite:
    """Read a suite by name, or from a YAML file.

    Raises:
        UnknownNameError: neither a file nor a known suite; names the closest.
        CardError: the file breaks its schema.
    """
    if name.endswith((".yaml", ".yml")):
        return load_card(Path(name), Suite)
    if name not in _files():
        raise UnknownNameError(f"no suite {name!r}", remedy=did_you_mean(name, suite_names()))
    return load_card(_files()[name], Suite)
