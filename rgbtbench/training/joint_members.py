"""The members of a training on several datasets: each opened, and what it is to the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rgbtbench.cards.data_choice import JointData, Member
from rgbtbench.cards.recipe import Recipe
from rgbtbench.cards.schema import LABEL_KIND
from rgbtbench.errors import RecipeError
from rgbtbench.loading.joint_space import MemberLabels
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.shards.manifest import Manifest, read_manifest
from rgbtbench.training.data import fitting_label_set, require_modalities
from rgbtbench.zoo.spec import MemberSpec, ModelSpec


@dataclass(frozen=True, slots=True)
class OpenedMember:
    """One member of a recipe, with its samples in native classes.

    Attributes:
        field: where it stands in the recipe, for errors.
        choice: the recipe's part.
        train: samples to learn from.
        validation: samples to look at, or None.
        label_set: that targets come from.
        missing: modalities that the model is fed and the dataset does not have.
    """

    field: str
    choice: Member
    train: PreparedSplit
    validation: PreparedSplit | None
    label_set: str
    missing: tuple[str, ...] = ()

    @property
    def manifest(self) -> Manifest:
        """Of the prepared dataset."""
        return self.train.manifest

    @property
    def dataset(self) -> str:
        """Name of the dataset."""
        return self.train.manifest.dataset

    def spec(self, model: ModelSpec, labels: MemberLabels) -> MemberSpec:
        """Return what a model is to this dataset.

        Args:
            model: its slots, and what feeds them by default.
            labels: the dataset's part in the model's classes.

        Raises:
            RecipeError: the recipe names a slot that the model does not have, or a modality that the data does not
                have.
        """
        own, field = self.choice.inputs or {}, f"{self.field}.inputs"
        if unknown := sorted(set(own) - set(model.inputs)):
            raise RecipeError(
                f"{field} feeds {', '.join(unknown)}", expected=f"slots of the model: {', '.join(model.inputs)}"
            )
        given = {slot: own.get(slot, modality) for slot, modality in model.inputs.items()}
        fed = {slot: modality for slot, modality in given.items() if modality is not None}
        missing = {model.inputs[slot] for slot in given if slot not in fed}
        require_modalities(fed, self.manifest.modalities, field=field, dataset=self.dataset, root=self.train.store.root)
        if double := sorted(missing & set(fed.values())):
            raise RecipeError(
                f"{field}: {', '.join(double)} is given to one slot and withheld from another",
                remedy="let `inputs` of the recipe feed the slots from different modalities",
            )
        return MemberSpec(
            inputs=model.inputs | fed,
            missing=tuple(sorted(missing)),
            label_set=self.label_set,
            classes=dict(labels.native),
            labels=dict(labels.labels),
            answers=dict(labels.answers),
        )

    def under(self, condition: str, spec: MemberSpec) -> OpenedMember:
        """Return the member under a condition, decoding only what the model is fed.

        Raises:
            UnknownNameError: no such condition for this data.
        """
        used = dict.fromkeys(name for name in spec.inputs.values() if name not in spec.missing)

        def view(split: PreparedSplit) -> PreparedSplit:
            return split.only(label_sets=(self.label_set,)).under(condition).only(modalities=tuple(used))

        watched = None if self.validation is None else view(self.validation)
        return replace(self, train=view(self.train), validation=watched, missing=spec.missing)

    def cached(self) -> OpenedMember:
        """Return the member with decoded images kept in memory."""
        watched = None if self.validation is None else self.validation.cached()
        return replace(self, train=self.train.cached(), validation=watched)


def open_members(recipe: Recipe, choice: JointData, roots: Sequence[Path]) -> tuple[OpenedMember, ...]:
    """Open the splits of every member; prepared folders are told apart by their dataset.

    Raises:
        ShardError: a folder is not prepared, or lacks a split.
        RecipeError: a member's folder is missing, a folder belongs to no member or to the same dataset as another, or
            a dataset has no labels for the task.
    """
    folders = folders_by_dataset(choice, roots)
    return tuple(
        _opened(recipe, f"data.members[{number}]", member, folders[member.dataset])
        for number, member in enumerate(choice.members)
    )


def folders_by_dataset(choice: JointData, roots: Sequence[Path]) -> dict[str, Path]:
    """Return each dataset's prepared folder.

    Raises:
        RecipeError: a member's folder is missing, or a folder belongs to no member or to the same dataset as another.
    """
    wanted = dict.fromkeys(member.dataset for member in choice.members)
    folders: dict[str, Path] = {}
    for root in roots:
        dataset = read_manifest(root).dataset
        if dataset not in wanted:
            raise RecipeError(
                f"holds {dataset}, which is no member of the recipe",
                path=root,
                expected=", ".join(wanted),
                remedy="leave it out, or add it to data.members",
            )
        if dataset in folders:
            raise RecipeError(f"holds {dataset}, and so does {folders[dataset]}", path=root, remedy="leave one out")
        folders[dataset] = root
    absent = [dataset for dataset in wanted if dataset not in folders]
    if absent:
        raise RecipeError(
            f"no prepared data for {', '.join(absent)}",
            expected=f"one prepared folder for each of {', '.join(wanted)}",
            remedy="pass --data once for each dataset",
        )
    return folders


def _opened(recipe: Recipe, field: str, member: Member, root: Path) -> OpenedMember:
    train = open_split(root, member.split)
    label_set = fitting_label_set(recipe.task, member.label_set, train, field=f"{field}.label_set")
    if LABEL_KIND[recipe.task] not in ("semantic", "boxes"):
        raise RecipeError(f"task {recipe.task} has no classes to bring together", remedy="train on one dataset")
    validation = None if member.validation is None else open_split(root, member.validation)
    return OpenedMember(field, member, train, validation, label_set)
