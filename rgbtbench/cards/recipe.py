"""Schema of a training recipe: `models/<method>/recipes/<name>.yaml`. Specification of a run, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, JsonValue, model_validator

from rgbtbench.canonical import content_sha256
from rgbtbench.cards.adapters import Adapter
from rgbtbench.cards.augmentations import Augmentations
from rgbtbench.cards.catalog import recipe_path
from rgbtbench.cards.data_choice import Data, DataChoice, JointData, Selection, require_unseen_test
from rgbtbench.cards.extension import layers, merged
from rgbtbench.cards.losses import Losses
from rgbtbench.cards.optimisation import Constant, Freezing, Optimiser, Patterns, Schedule, WarmUp
from rgbtbench.cards.overrides import override
from rgbtbench.cards.schema import Modality, Name, Strict, Use
from rgbtbench.cards.stages import Stage, require_stages
from rgbtbench.cards.yaml_file import validate
from rgbtbench.errors import RecipeError

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]


class ModelChoice(Strict):
    """Which method, with which configuration; the method's own schema checks the latter."""

    method: Name
    config: dict[str, JsonValue] = Field(default_factory=dict)


class Averaging(Strict):
    """Exponential moving average of the weights, which then stand in for them in validation and in the result."""

    decay: float = Field(gt=0, lt=1)


class Validation(Strict):
    """When and by which rules the model is looked at during training."""

    every_epochs: int | None = Field(None, ge=1)
    every_steps: int | None = Field(None, ge=1)
    protocol: str | None = Field(
        None, description="a protocol's name in the data's card, whose rules are used; null: the first of the task"
    )

    @model_validator(mode="after")
    def _one_interval(self) -> Self:
        if self.every_epochs is not None and self.every_steps is not None:
            raise ValueError("every_epochs and every_steps exclude each other")
        return self


class Recipe(Strict):
    """One training, complete: with the data's hash and the seed it fixes the weights.

    `selection` says which weights become the result: the `last`, or those with the best headline metric on a
    validation split (`val`). `test` is the practice of some papers, kept as a mark that everyone can see.
    """

    name: str | None = Field(None, description="how it is known; set when it is loaded")
    summary: str = ""
    model: ModelChoice
    task: Use
    inputs: dict[Name, Modality] | None = Field(
        None, description="slot of the model to modality of the data; null: as the paper feeds it"
    )
    condition: str = Field("none", description="id of what is done to the input, in training and validation alike")
    initial_weights: str | None = Field(
        None, description="file of converted weights, of a model or of its encoder; null: random"
    )
    data: Data = DataChoice()
    selection: Selection = "last"
    optimiser: Optimiser
    schedule: Schedule = Constant()
    warm_up: WarmUp | None = None
    losses: Losses = Field(Losses(), exclude_if=lambda losses: losses == Losses())
    freeze: Freezing = Field(Freezing(), exclude_if=lambda freeze: freeze == Freezing())
    adapters: tuple[Adapter, ...] = Field(
        (), exclude_if=lambda adapters: not adapters, description="trained additions to layers that stay as they are"
    )
    epochs: int | None = Field(None, ge=1)
    steps: int | None = Field(None, ge=1, description="of the optimiser")
    batch_size: int = Field(ge=1, description="samples per forward pass, over all devices together")
    accumulate: int = Field(1, ge=1, description="forward passes per step of the optimiser")
    clip_norm: float | None = Field(None, gt=0, description="largest norm of the gradient")
    precision: Precision = "32-true"
    channels_last: bool = Field(False, description="keep weights in NHWC order: faster convolutions, same function")
    activation_checkpointing: Patterns = Field(
        (),
        exclude_if=lambda patterns: not patterns,
        description="modules whose activations are computed again in the backward pass: less memory, same function",
    )
    compile: bool = Field(
        False, exclude_if=lambda compiled: not compiled, description="by torch.compile: faster after a first delay"
    )
    averaging: Averaging | None = None
    augmentations: Augmentations = Augmentations()
    validation: Validation = Validation()
    stages: tuple[Stage, ...] = Field((), exclude_if=lambda stages: not stages, description="one after the other")
    seed: int = Field(0, ge=0, lt=2**32)
    seed_group: str | None = Field(None, description="null: runs that differ in their seed alone form a group")

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.stages and (self.epochs is not None or self.steps is not None):
            raise ValueError("with stages, each of them gives its epochs or steps, and the recipe none")
        if not self.stages and (self.epochs is None) == (self.steps is None):
            raise ValueError("give either epochs or steps (null takes the other one back)")
        return self

    @model_validator(mode="after")
    def _stages_follow_one_another(self) -> Self:
        require_stages(self.stages)
        if any(stage.begin_with == "best" for stage in self.stages) and self.selection == "last":
            require_unseen_test(self.data, "val")
        return self

    @model_validator(mode="after")
    def _test_stays_unseen(self) -> Self:
        if isinstance(self.data, JointData) and self.validation.protocol is not None:
            raise ValueError("validation.protocol: with several datasets, each of data.members names its own")
        require_unseen_test(self.data, self.selection)
        return self


def load_recipe(name_or_path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe by name (`mfnet/demo`) or from a YAML file, and apply `a.b=c` overrides.

    A recipe that others extend is valid by itself.

    Raises:
        UnknownNameError: no such recipe.
        CardError: naming the file, the line, the field, what is wrong and the closest valid name.
        RecipeError: the file is right and the overrides are not.
    """
    path = recipe_path(str(name_or_path))
    data: dict[str, Any] = {}
    for layer in layers(path):
        data = merged(data, layer.data)
        recipe = validate(data, Recipe, path=layer.path, lines=layer.lines)
    if overrides:
        recipe = recipe_from(override(data, overrides))
    known_as = path.stem if path == Path(str(name_or_path)) else str(name_or_path)
    return recipe.model_copy(update={"name": recipe.name or known_as})


def recipe_from(data: dict[str, Any]) -> Recipe:
    """Validate a recipe given as plain data.

    Raises:
        RecipeError: naming the field, what is wrong and the closest valid name.
    """
    from rgbtbench.errors import CardError

    try:
        return validate(data, Recipe, path=None, lines={})
    except CardError as error:
        raise RecipeError(error.found, expected=error.expected, remedy=error.remedy) from error


def stage_recipes(recipe: Recipe) -> list[Recipe]:
    """Return the recipe of each stage, complete and without stages; one that has none is its only stage.

    A stage whose successor begins with the best weights selects them on the validation split. Later stages have seeds
    of their own, drawn from the recipe's.
    """
    if not recipe.stages:
        return [recipe]
    result = []
    for number, stage in enumerate(recipe.stages):
        said = {name: getattr(stage, name) for name in Stage.model_fields if name not in ("name", "begin_with")}
        changes: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        if number > 0:
            changes["seed"] = int(content_sha256([recipe.seed, number])[:8], 16)
        if number + 1 < len(recipe.stages):
            best = "val" if recipe.selection == "last" else recipe.selection
            changes["selection"] = best if recipe.stages[number + 1].begin_with == "best" else "last"
        result.append(recipe.model_copy(update=changes | {"stages": ()}))
    return result


def recipe_yaml(recipe: Recipe) -> str:
    """Return the recipe as YAML, every field written out."""
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def recipe_sha256(recipe: Recipe) -> str:
    """Return the hash of everything that can change the weights; names and wording are left out."""
    return _hash(recipe)


def seed_group(recipe: Recipe) -> str:
    """Return the name that runs share which differ in their seed alone."""
    return recipe.seed_group or _hash(recipe, "seed")[:12]


def _hash(recipe: Recipe, *without: str) -> str:
    left_out = dict.fromkeys(("name", "summary", "seed_group", *without), True)
    return content_sha256(recipe.model_dump(mode="json", exclude={**left_out, "stages": {"__all__": {"name"}}}))
