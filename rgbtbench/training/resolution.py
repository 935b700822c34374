"""From a recipe and prepared folders to a training in which nothing is left open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rgbtbench.cards.recipe import Recipe, recipe_sha256
from rgbtbench.locations import location
from rgbtbench.training.data import LoaderOptions, TrainingData
from rgbtbench.training.open_data import open_data
from rgbtbench.training.plan import Span, spans
from rgbtbench.zoo.registry import method_for, resolve
from rgbtbench.zoo.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class Training:
    """A training as it will happen.

    Attributes:
        recipe: with everything filled in that it left to the method or to the data.
        spec: of the model.
        data: under the recipe's condition, decoding only what the model is fed.
        opened: the data as it is.
    """

    recipe: Recipe
    spec: ModelSpec
    data: TrainingData
    opened: TrainingData

    @property
    def identity(self) -> dict[str, str]:
        """Hashes that must not change between the parts of an interrupted run."""
        return {"recipe_sha256": recipe_sha256(self.recipe), **self.opened.identity()}

    def cached(self) -> Training:
        """Return the training with decoded images kept in memory."""
        return replace(self, data=self.data.cached())


def resolve_training(recipe: Recipe, data: Path | Sequence[Path]) -> Training:
    """Open the data and fill in what the recipe leaves to it and to the method.

    Args:
        recipe: what to do.
        data: prepared folder, or one for each dataset that the recipe mixes, in any order.

    Raises:
        RecipeError: the recipe does not fit the method or the data.
        ShardError: a folder is not prepared, or lacks a split.
    """
    method_for(recipe.model.method, recipe.task)
    opened = open_data(recipe, [location(data)] if isinstance(data, str | Path) else [location(root) for root in data])
    spec = opened.completed(
        resolve(
            recipe.model.method, recipe.model.config, task=recipe.task, classes=opened.classes, inputs=recipe.inputs
        )
    )
    model = recipe.model.model_copy(update={"config": spec.config})
    complete = opened.resolved(recipe.model_copy(update={"model": model, "inputs": dict(spec.inputs)}))
    return Training(complete, spec, opened.under(recipe.condition, spec), opened)


def stage_spans(recipes: Sequence[Recipe], data: TrainingData, *, rank: int = 0, world: int = 1) -> list[Span]:
    """Return the place of each stage in the whole training; raises `RecipeError` where a batch cannot be drawn."""
    loaders = [data.batches(loader_options(recipe, rank=rank, world=world)) for recipe in recipes]
    return spans(recipes, [loader.epoch_samples for loader in loaders])


def loader_options(recipe: Recipe, *, rank: int, world: int, workers: int = 0) -> LoaderOptions:
    """Return what the recipe of a stage and a process ask of the loader of training batches."""
    return {
        "task": recipe.task,
        "batch_size": recipe.batch_size,
        "seed": recipe.seed,
        "augmentations": recipe.augmentations,
        "workers": workers,
        "rank": rank,
        "world": world,
    }
