"""From a recipe and prepared folders to the data of a training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rgbtbench.cards.data_choice import DataChoice
from rgbtbench.cards.recipe import Recipe
from rgbtbench.errors import RecipeError
from rgbtbench.training.data import TrainingData
from rgbtbench.training.joint_data import open_joint
from rgbtbench.training.pair_data import open_pairs
from rgbtbench.training.single_data import open_single


def open_data(recipe: Recipe, roots: Sequence[Path]) -> TrainingData:
    """Open the splits that a recipe trains on and looks at.

    Raises:
        ShardError: a folder is not prepared, or lacks a split.
        RecipeError: the folders are not those that the recipe needs, or have no labels for the task.
    """
    if recipe.task == "pretraining":
        return open_pairs(recipe, roots)
    if not isinstance(recipe.data, DataChoice):
        return open_joint(recipe, recipe.data, roots)
    if len(roots) != 1:
        raise RecipeError(
            f"{len(roots)} prepared datasets for a recipe that trains on one",
            remedy="pass one, or name all of them in data.members",
        )
    return open_single(recipe, recipe.data, roots[0])
