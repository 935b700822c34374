"""The prepared data of a recipe that trains on one dataset, and whether it fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rgbtbench.cards.catalog import protocol_prefix
from rgbtbench.cards.data_choice import DataChoice
from rgbtbench.cards.recipe import Recipe
from rgbtbench.errors import RecipeError
from rgbtbench.labels import classes_without
from rgbtbench.loading.label_space import NATIVE
from rgbtbench.loading.loader import TrainLoader, train_loader
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.training.data import (
    LoaderOptions,
    Watched,
    fitting_label_set,
    plain_rules,
    require_modalities,
    validation_rules,
)
from rgbtbench.zoo.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class SingleData:
    """What a recipe's `data` names; see `TrainingData` for what its methods promise.

    Attributes:
        choice: the recipe's part.
        train: samples to learn from.
        validation: samples to look at, or None.
        label_set: that targets come from.
    """

    choice: DataChoice
    train: PreparedSplit
    validation: PreparedSplit | None
    label_set: str

    @property
    def classes(self) -> dict[int, str]:
        """Class id of the label space to name; nothing for saliency."""
        kind = self.train.manifest.label_sets[self.label_set].kind
        if kind == "saliency":
            return {}
        return classes_without(self.train.classes(self.label_set), self.choice.without, field="data.without")

    def remarks(self, recipe: Recipe) -> list[str]:
        """Return nothing: the recipe says it all."""
        return []

    def completed(self, spec: ModelSpec) -> ModelSpec:
        """Return the model's description as it is."""
        return spec

    def resolved(self, recipe: Recipe) -> Recipe:
        """Return the recipe with the label set filled in."""
        return recipe.model_copy(update={"data": self.choice.model_copy(update={"label_set": self.label_set})})

    def under(self, condition: str, spec: ModelSpec) -> SingleData:
        """Return the data under a condition, decoding only what the model is fed; raises as `TrainingData` says."""
        manifest = self.train.manifest
        require_modalities(
            spec.inputs, manifest.modalities, field="inputs", dataset=manifest.dataset, root=self.train.store.root
        )
        used = tuple(dict.fromkeys(spec.inputs.values()))

        def view(split: PreparedSplit) -> PreparedSplit:
            return split.only(label_sets=(self.label_set,)).under(condition).only(modalities=used)

        validation = None if self.validation is None else view(self.validation)
        return replace(self, train=view(self.train), validation=validation)

    def cached(self) -> SingleData:
        """Return the data with decoded images kept in memory."""
        validation = None if self.validation is None else self.validation.cached()
        return replace(self, train=self.train.cached(), validation=validation)

    def batches(self, options: LoaderOptions) -> TrainLoader:
        """Return the endless stream of training batches."""
        return train_loader(self.train, label_set=self.label_set, **options)

    def watched(self, recipe: Recipe) -> list[Watched]:
        """Return the validation split, if there is one, with the rules of its protocol."""
        rules = (
            plain_rules(recipe.task)
            if self.choice.label_space != NATIVE
            else validation_rules(
                recipe.task,
                recipe.validation.protocol,
                dataset=self.train.manifest.dataset,
                label_set=self.label_set,
                field="validation.protocol",
            )
        )
        return [] if self.validation is None else [Watched(self.validation, self.label_set, rules)]

    def identity(self) -> dict[str, str]:
        """Return the data's hashes."""
        manifest = self.train.manifest
        return {"data_hash": manifest.data_hash, "labels_hash": manifest.labels_hash}

    def facts(self) -> dict[str, Any]:
        """Return the fields of `TrainingFacts` that say what was trained on."""
        manifest = self.train.manifest
        prefix = protocol_prefix(manifest.dataset, manifest.edition)
        return {
            "data": (f"{prefix}/{self.choice.train}, {len(self.train)} pairs",),
            "dataset": manifest.dataset,
            **self.identity(),
            "label_set": self.label_set,
            "label_space": self.choice.label_space,
        }


def open_single(recipe: Recipe, choice: DataChoice, root: Path) -> SingleData:
    """Open the splits that a recipe trains on and looks at.

    Raises:
        ShardError: `root` is not prepared, or lacks a split.
        RecipeError: it has no labels for the task, or what classes are left out of are no masks.
    """
    if choice.without and recipe.task != "semantic":
        raise RecipeError("data.without leaves classes out of masks", remedy=f"leave it out of task: {recipe.task}")
    train = open_split(root, choice.train, label_space=choice.label_space)
    label_set = fitting_label_set(recipe.task, choice.label_set, train, field="data.label_set")
    watched = choice.validation
    validation = None if watched is None else open_split(root, watched, label_space=choice.label_space)
    return SingleData(choice, train, validation, label_set)
