"""What a training will do, found out without memory for weights and without a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from rgbtbench.cards.recipe import Recipe, stage_recipes
from rgbtbench.training.parameter_groups import Group, parameter_groups
from rgbtbench.training.patterns import outermost
from rgbtbench.training.plan import Span
from rgbtbench.training.preparation import model_for
from rgbtbench.training.resolution import Training, stage_spans


@dataclass(frozen=True, slots=True)
class StageOutline:
    """One stage.

    Attributes:
        name: None in a training without stages.
        recipe: of the stage.
        span: its steps.
        groups: of parameters that are trained, as the optimiser will have them.
        frozen: names of the others, and how many numbers they hold.
    """

    name: str | None
    recipe: Recipe
    span: Span
    groups: Sequence[Group]
    frozen: dict[str, int]

    @property
    def headline(self) -> str:
        """What is done, in words."""
        span, recipe = self.span, self.recipe
        name = "" if self.name is None else f"stage {span.stage + 1} of {span.stages}, {self.name}: "
        accumulated = f" in {recipe.accumulate} parts" if recipe.accumulate > 1 else ""
        samples = recipe.batch_size * recipe.accumulate
        return (
            f"{name}{span.steps} steps of {samples} samples{accumulated}, "
            f"{span.steps * samples / span.samples:.4g} epochs of {span.samples}"
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return a row per group, and one for what is frozen: plain data, learning rates before the schedule."""
        optimiser = self.recipe.optimiser
        rows = [
            {
                "parameters": sum(parameter.numel() for parameter in group.parameters.values()),
                "tensors": len(group.parameters),
                "lr": optimiser.lr * group.lr_factor,
                "weight_decay": optimiser.weight_decay * group.decay_factor,
                "in": outermost(group.parameters),
            }
            for group in self.groups
        ]
        if self.frozen:
            rows.append(
                {
                    "parameters": sum(self.frozen.values()),
                    "tensors": len(self.frozen),
                    "lr": None,
                    "weight_decay": None,
                    "in": outermost(self.frozen),
                }
            )
        return rows


def outline(training: Training) -> list[StageOutline]:
    """Return what each stage trains.

    Raises:
        RecipeError: a pattern of the recipe matches nothing in the model, the method has no loss that the recipe asks
            for, or a batch cannot be drawn.
    """
    recipes = stage_recipes(training.recipe)
    names: list[str | None] = [stage.name for stage in training.recipe.stages]
    return [
        _outline(training, name, recipe, span)
        for name, recipe, span in zip(names or [None], recipes, stage_spans(recipes, training.data), strict=True)
    ]


def _outline(training: Training, name: str | None, recipe: Recipe, span: Span) -> StageOutline:
    with torch.device("meta"):
        model = model_for(recipe, training.spec)
    frozen = {name: parameter.numel() for name, parameter in model.named_parameters() if not parameter.requires_grad}
    return StageOutline(name, recipe, span, parameter_groups(model, recipe.optimiser), frozen)
