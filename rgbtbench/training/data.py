"""What a training asks of its prepared data, whether of one dataset or of several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, TypedDict

from rgbtbench.cards.augmentations import Augmentations
from rgbtbench.cards.catalog import dataset_card, dataset_names
from rgbtbench.cards.recipe import Recipe
from rgbtbench.cards.rules import CocoRules, SaliencyRules, SegmentationRules
from rgbtbench.cards.schema import LABEL_KIND, Use
from rgbtbench.errors import RecipeError, did_you_mean
from rgbtbench.loading.label_space import LabelLookup
from rgbtbench.loading.loader import TrainLoader
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.zoo.spec import ModelSpec

#: Rules of the tasks whose metrics are computed during training.
WatchedRules = SegmentationRules | SaliencyRules | CocoRules


@dataclass(frozen=True, slots=True)
class Watched:
    """A split that is looked at during training.

    Attributes:
        split: its samples, in the classes that metrics are computed in.
        label_set: that they are compared with; None in pre-training.
        rules: of the metrics; None where the loss is all there is to look at.
        member: dataset in whose own classes a jointly trained model answers; None where the classes are the model's.
        lookup: from the split's classes to the model's, for the loss; None where they are the same.
        missing: modalities that batches hold as a fill.
    """

    split: PreparedSplit
    label_set: str | None
    rules: WatchedRules | None
    member: str | None = None
    lookup: LabelLookup | None = None
    missing: tuple[str, ...] = ()


class LoaderOptions(TypedDict):
    """What a recipe and a process ask of the loader of training batches, whatever it loads."""

    task: Use
    batch_size: int
    seed: int
    augmentations: Augmentations
    workers: int
    rank: int
    world: int


class TrainingData(Protocol):
    """Prepared data, opened as a recipe names it."""

    @property
    def classes(self) -> Mapping[int, str]:
        """Class id of the label space to name."""

    def remarks(self, recipe: Recipe) -> list[str]:
        """Return what a user should know before it is trained on."""

    def completed(self, spec: ModelSpec) -> ModelSpec:
        """Return the model's description with what the data adds to it; raises `RecipeError` where they do not fit."""

    def resolved(self, recipe: Recipe) -> Recipe:
        """Return the recipe with everything filled in that it left to the data."""

    def under(self, condition: str, spec: ModelSpec) -> Self:
        """Return the data under a condition, decoding only what the model is fed.

        Raises:
            RecipeError: the data lacks a modality.
            UnknownNameError: no such condition.
        """

    def cached(self) -> Self:
        """Return the data with decoded images kept in memory."""

    def batches(self, options: LoaderOptions) -> TrainLoader:
        """Return the endless stream of training batches."""

    def watched(self, recipe: Recipe) -> Sequence[Watched]:
        """Return the splits that are looked at during training."""

    def identity(self) -> dict[str, str]:
        """Return the hashes that must not change between the parts of an interrupted run."""

    def facts(self) -> dict[str, Any]:
        """Return the fields of `TrainingFacts` that say what was trained on."""


def fitting_label_set(task: Use, wanted: str | None, split: PreparedSplit, *, field: str) -> str:
    """Return the label set that a task learns from.

    Args:
        task: of the recipe.
        wanted: the recipe's choice; None for the only set of the task's kind.
        split: the samples.
        field: the recipe's field, for errors.

    Raises:
        RecipeError: the data has no labels for the task, or not the set that is wanted.
        ShardError: there are several sets to choose from.
    """
    kind = LABEL_KIND[task]
    label_sets = split.manifest.label_sets
    fitting = [name for name, facts in label_sets.items() if facts.kind == kind]
    if not fitting:
        has = ", ".join(f"{name} ({facts.kind})" for name, facts in label_sets.items())
        raise RecipeError(
            f"task {task} needs labels of kind {kind}, and {split.manifest.dataset} has {has or 'none'}",
            path=split.store.root,
            remedy="choose another recipe or dataset",
        )
    if wanted is not None and wanted not in fitting:
        raise RecipeError(f"{field}: no {kind} set {wanted!r}", remedy=did_you_mean(wanted, fitting))
    return wanted or split.label_set_of(kind)


def require_modalities(
    inputs: Mapping[str, str], there: Iterable[str], *, field: str, dataset: str, root: Path
) -> None:
    """Make sure that a dataset has what is fed into a model.

    Args:
        inputs: slot to modality.
        there: the dataset's modalities.
        field: the recipe's field, for errors.
        dataset: name of the dataset.
        root: its folder.

    Raises:
        RecipeError: it lacks a modality.
    """
    known = tuple(there)
    for slot, modality in inputs.items():
        if modality not in known:
            raise RecipeError(
                f"{field}.{slot} takes {modality!r}, and {dataset} has {', '.join(known)}",
                path=root,
                remedy=did_you_mean(modality, known),
            )


def validation_rules(task: Use, wanted: str | None, *, dataset: str, label_set: str, field: str) -> WatchedRules:
    """Return the rules by which a model is looked at in a dataset's own classes.

    Args:
        task: of the recipe.
        wanted: a protocol's name in the dataset's card; None for the first that fits.
        dataset: name of the dataset.
        label_set: that predictions are compared with.
        field: the recipe's field, for errors.

    Raises:
        RecipeError: the dataset's card does not have the protocol, or it is of another task.
    """
    plain = plain_rules(task)
    blocks = dataset_card(dataset).protocols if dataset in dataset_names() else {}
    fitting = {
        name: block.rules
        for name, block in blocks.items()
        if isinstance(block.rules, type(plain)) and block.label_set == label_set
    }
    if wanted is None:
        return next(iter(fitting.values()), plain)
    if wanted not in fitting:
        raise RecipeError(
            f"{field}: {dataset} has no {task} protocol {wanted!r} for {label_set}",
            remedy=did_you_mean(wanted, fitting),
        )
    return fitting[wanted]


def plain_rules(task: Use) -> WatchedRules:
    """Return the rules for classes that no card has protocols for."""
    match task:
        case "detection":
            return CocoRules()
        case "saliency":
            return SaliencyRules()
        case _:
            return SegmentationRules()
