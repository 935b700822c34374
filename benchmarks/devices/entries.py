"""What is measured, as `entries.yaml` lists it, and the recipe of each line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field

from rgbtbench.cards.recipe import Recipe, load_recipe, stage_recipes

_FILE: Final = Path(__file__).with_name("entries.yaml")
PRECISION: Final = "bf16-mixed"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Measured(_Strict):
    """What entries and comparisons share.

    Attributes:
        name: for people.
        recipe: as `rgbtbench train` knows it.
        changes: as `--set` makes them.
        size: height, width of the images.
        batch_size: of training, and of the throughput of prediction.
    """

    name: str
    recipe: str
    changes: tuple[str, ...] = Field((), alias="set")
    size: tuple[int, int] = (480, 640)
    batch_size: int = 8


class Entry(_Measured):
    """One line of the table; `compiled` says how early it is measured with torch.compile, 0 never."""

    compiled: int = Field(0, ge=0)


class Variant(_Strict):
    """One side of a comparison; `repeatable` takes the kernels that a training takes."""

    changes: tuple[str, ...] = Field((), alias="set")
    repeatable: bool = True


class Comparison(_Measured):
    """Training steps of several networks in turn, each against the `reference` among them."""

    reference: str
    variants: dict[str, Variant]


class Entries(_Strict):
    """All that is measured."""

    entries: tuple[Entry, ...]
    comparisons: tuple[Comparison, ...]


def load_entries(path: Path = _FILE) -> Entries:
    """Read what is to be measured."""
    return Entries.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def recipe_of(measured: _Measured, further: Sequence[str] = (), **changes: Any) -> Recipe:
    """Return the recipe that a line trains by, in mixed precision, without what needs data.

    Args:
        measured: the line.
        further: changes beyond its own, as `--set` makes them.
        changes: fields of the recipe.
    """
    recipe = stage_recipes(load_recipe(measured.recipe, [*measured.changes, *further]))[0]
    return recipe.model_copy(
        update={"precision": PRECISION, "accumulate": 1, "initial_weights": None, "batch_size": measured.batch_size}
        | changes
    )
