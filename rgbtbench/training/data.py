"""The prepared data that a recipe trains on, and whether it fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rgbtbench.cards.catalog import dataset_card, dataset_names
from rgbtbench.cards.protocol import CocoRules, SegmentationRules
from rgbtbench.cards.recipe import Recipe
from rgbtbench.cards.schema import LABEL_KIND
from rgbtbench.errors import RecipeError, did_you_mean
from rgbtbench.loading.prepared import PreparedSplit, open_split


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a recipe's `data` names.

    Attributes:
        train: samples to learn from.
        validation: samples to look at, or None.
        label_set: that targets come from.
        classes: class id of the label space to name.
    """

    train: PreparedSplit
    validation: PreparedSplit | None
    label_set: str
    classes: dict[int, str]

    def under(self, condition: str, modalities: Mapping[str, str]) -> TrainingData:
        """Return the data under a condition, decoding only what `modalities` (slot to modality) names.

        Raises:
            RecipeError: the data lacks a modality.
            UnknownNameError: no such condition.
        """
        there = self.train.manifest.modalities
        for slot, modality in modalities.items():
            if modality not in there:
                raise RecipeError(
                    f"inputs.{slot} takes {modality!r}, and {self.train.manifest.dataset} has {', '.join(there)}",
                    path=self.train.store.root,
                    remedy=did_you_mean(modality, there),
                )
        used = tuple(dict.fromkeys(modalities.values()))

        def view(split: PreparedSplit) -> PreparedSplit:
            return split.under(condition).only(modalities=used, label_sets=(self.label_set,))

        validation = None if self.validation is None else view(self.validation)
        return replace(self, train=view(self.train), validation=validation)

    def cached(self) -> TrainingData:
        """Return the data with decoded images kept in memory."""
        validation = None if self.validation is None else self.validation.cached()
        return replace(self, train=self.train.cached(), validation=validation)


def open_data(recipe: Recipe, root: Path) -> TrainingData:
    """Open the splits that a recipe trains on and looks at.

    Raises:
        ShardError: `root` is not prepared, or lacks a split.
        RecipeError: it has no labels for the task.
    """
    choice = recipe.data
    train = open_split(root, choice.train, label_space=choice.label_space)
    kind = LABEL_KIND[recipe.task]
    fitting = [name for name, facts in train.manifest.label_sets.items() if facts.kind == kind]
    if not fitting:
        has = ", ".join(f"{name} ({facts.kind})" for name, facts in train.manifest.label_sets.items())
        raise RecipeError(
            f"task {recipe.task} needs labels of kind {kind}, and {train.manifest.dataset} has {has or 'none'}",
            path=root,
            remedy="choose another recipe or dataset",
        )
    if choice.label_set is not None and choice.label_set not in fitting:
        raise RecipeError(
            f"data.label_set: no {kind} set {choice.label_set!r}", remedy=did_you_mean(choice.label_set, fitting)
        )
    label_set = choice.label_set or train.label_set_of(kind)
    watched = choice.validation
    return TrainingData(
        train=train,
        validation=None if watched is None else open_split(root, watched, label_space=choice.label_space),
        label_set=label_set,
        classes=train.classes(label_set),
    )


def validation_rules(recipe: Recipe, dataset: str, label_set: str) -> SegmentationRules | CocoRules:
    """Return the rules by which a model is looked at during training.

    Raises:
        RecipeError: the recipe names a protocol that the dataset's card does not have, or that is of another task.
    """
    plain = CocoRules() if recipe.task == "detection" else SegmentationRules()
    if recipe.data.label_space != "native":
        return plain
    blocks = dataset_card(dataset).protocols if dataset in dataset_names() else {}
    fitting = {
        name: block.rules
        for name, block in blocks.items()
        if isinstance(block.rules, type(plain)) and block.label_set == label_set
    }
    name = recipe.validation.protocol
    if name is None:
        return next(iter(fitting.values()), plain)
    if name not in fitting:
        raise RecipeError(
            f"validation.protocol: {dataset} has no {recipe.task} protocol {name!r} for {label_set}",
            remedy=did_you_mean(name, fitting),
        )
    return fitting[name]
