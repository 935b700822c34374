"""The prepared data of a pre-training: pairs of one dataset or of several, whose labels have no part in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rgbtbench.canonical import content_sha256
from rgbtbench.cards.catalog import protocol_prefix
from rgbtbench.cards.data_choice import DataChoice, JointData, Member
from rgbtbench.cards.recipe import Recipe
from rgbtbench.errors import RecipeError
from rgbtbench.loading.label_space import NATIVE
from rgbtbench.loading.loader import TrainLoader, train_loader
from rgbtbench.loading.mixture import Mixture, MixtureMember, mixture_loader
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.shards.manifest import read_manifest
from rgbtbench.training.data import LoaderOptions, Watched, require_modalities
from rgbtbench.training.joint_members import folders_by_dataset
from rgbtbench.zoo.spec import MemberSpec, ModelSpec, Wiring
from rgbtbench.zoo.weights_info import MemberFacts


@dataclass(frozen=True, slots=True)
class Pairs:
    """One split to learn from.

    Attributes:
        field: where it stands in the recipe, for errors.
        choice: the recipe's part.
        train: samples to learn from.
        validation: samples to look at, or None.
    """

    field: str
    choice: Member
    train: PreparedSplit
    validation: PreparedSplit | None

    @property
    def dataset(self) -> str:
        """Name of the dataset."""
        return self.train.manifest.dataset

    def inputs(self, usual: Wiring) -> Wiring:
        """Return what feeds each slot.

        Raises:
            RecipeError: a slot that the model does not have or that gets nothing, or a modality that the data lacks.
        """
        own, field = self.choice.inputs or {}, f"{self.field}inputs"
        if unknown := sorted(set(own) - set(usual)):
            raise RecipeError(f"{field} feeds {', '.join(unknown)}", expected=f"slots of the model: {', '.join(usual)}")
        if empty := [slot for slot, modality in own.items() if modality is None]:
            raise RecipeError(
                f"{field} leaves {', '.join(empty)} without images", expected="a pair of modalities to learn from"
            )
        fed = usual | {slot: modality for slot, modality in own.items() if modality is not None}
        manifest = self.train.manifest
        require_modalities(fed, manifest.modalities, field=field, dataset=manifest.dataset, root=self.train.store.root)
        return fed

    def under(self, condition: str, inputs: Wiring) -> Pairs:
        """Return the pairs under a condition, decoding only what is fed."""

        def view(split: PreparedSplit) -> PreparedSplit:
            return split.only(label_sets=()).under(condition).only(modalities=tuple(dict.fromkeys(inputs.values())))

        watched = None if self.validation is None else view(self.validation)
        return replace(self, train=view(self.train), validation=watched)

    def cached(self) -> Pairs:
        """Return the pairs with decoded images kept in memory."""
        watched = None if self.validation is None else self.validation.cached()
        return replace(self, train=self.train.cached(), validation=watched)


@dataclass(frozen=True, slots=True)
class PairData:
    """What the recipe of a pre-training names in `data`; see `TrainingData` for what its methods promise.

    Attributes:
        choice: the recipe's part.
        members: as opened, in the recipe's order; one where the recipe trains on one dataset.
    """

    choice: DataChoice | JointData
    members: tuple[Pairs, ...]

    @property
    def classes(self) -> Mapping[int, str]:
        """None: there is nothing to tell apart."""
        return {}

    def remarks(self, recipe: Recipe) -> list[str]:
        """Return what an epoch holds, where several splits share it."""
        if isinstance(self.choice, DataChoice):
            return []
        return [self._mixture(self.choice).stream(batch_size=recipe.batch_size, seed=recipe.seed).described]

    def completed(self, spec: ModelSpec) -> ModelSpec:
        """Return the model's description with what each of several datasets feeds into it; raises `RecipeError`."""
        if isinstance(self.choice, DataChoice):
            return spec
        members = {
            member.dataset: MemberSpec(
                inputs=member.inputs(spec.inputs), label_set=None, classes={}, labels={}, answers={}
            )
            for member in self.members
        }
        return spec.model_copy(update={"members": dict(sorted(members.items()))})

    def resolved(self, recipe: Recipe) -> Recipe:
        """Return the recipe with every member's wiring filled in."""
        if isinstance(self.choice, DataChoice):
            return recipe
        members = tuple(
            member.choice.model_copy(update={"inputs": {**(recipe.inputs or {}), **(member.choice.inputs or {})}})
            for member in self.members
        )
        return recipe.model_copy(update={"data": self.choice.model_copy(update={"members": members})})

    def under(self, condition: str, spec: ModelSpec) -> PairData:
        """Return the data under a condition, decoding only what the model is fed; raises as `TrainingData` says."""
        return replace(
            self, members=tuple(member.under(condition, member.inputs(spec.inputs)) for member in self.members)
        )

    def cached(self) -> PairData:
        """Return the data with decoded images kept in memory."""
        return replace(self, members=tuple(member.cached() for member in self.members))

    def batches(self, options: LoaderOptions) -> TrainLoader:
        """Return the endless stream of training batches."""
        if isinstance(self.choice, JointData):
            return mixture_loader(self._mixture(self.choice), **options)
        return train_loader(self.members[0].train, **options)

    def watched(self, recipe: Recipe) -> list[Watched]:
        """Return each validation split once; its loss is all there is to look at."""
        splits = {
            (member.dataset, member.validation.name): member.validation
            for member in self.members
            if member.validation is not None
        }
        return [Watched(split, None, None) for split in splits.values()]

    @property
    def shown(self) -> PreparedSplit:
        """The split whose first pairs pictures show: the first one for validation, else the first one for training."""
        return next((one.validation for one in self.members if one.validation is not None), self.members[0].train)

    def identity(self) -> dict[str, str]:
        """Return the hash of the images; labels may change as they like."""
        manifests = [(member.choice.name, member.train.manifest) for member in self.members]
        data_hash = (
            content_sha256([[name, manifest.data_hash] for name, manifest in manifests])
            if isinstance(self.choice, JointData)
            else manifests[0][1].data_hash
        )
        return {"data_hash": data_hash, "labels_hash": content_sha256([])}

    def facts(self) -> dict[str, Any]:
        """Return the fields of `TrainingFacts` that say what was trained on."""
        members = tuple(
            MemberFacts(
                dataset=member.dataset,
                edition=member.train.manifest.edition,
                split=member.choice.split,
                pairs=len(member.train),
                weight=member.choice.weight,
                data_hash=member.train.manifest.data_hash,
                labels_hash=member.train.manifest.labels_hash,
            )
            for member in self.members
        )
        several = isinstance(self.choice, JointData)
        return {
            "data": tuple(
                f"{protocol_prefix(member.dataset, member.edition)}/{member.split}, {member.pairs} pairs"
                for member in members
            ),
            "members": members if several else (),
            "dataset": None if several else members[0].dataset,
            **self.identity(),
            "label_set": None,
            "label_space": NATIVE,
        }

    def _mixture(self, choice: JointData) -> Mixture:
        members = [MixtureMember(member.train, None, weight=member.choice.weight) for member in self.members]
        return Mixture.of(members, choice.mixing)


def open_pairs(recipe: Recipe, roots: Sequence[Path]) -> PairData:
    """Open the splits of a pre-training.

    Raises:
        ShardError: a folder is not prepared, or lacks a split.
        RecipeError: the folders are not those that the recipe needs, or it asks for labels.
    """
    _require_no_labels(recipe)
    if isinstance(recipe.data, JointData):
        folders = folders_by_dataset(recipe.data, roots)
        chosen = [
            (f"data.members[{number}].", member, folders[member.dataset])
            for number, member in enumerate(recipe.data.members)
        ]
    else:
        if len(roots) != 1:
            raise RecipeError(
                f"{len(roots)} prepared datasets for a recipe that trains on one",
                remedy="pass one, or name all of them in data.members",
            )
        chosen = [("", _as_member(recipe.data, roots[0]), roots[0])]
    members = tuple(
        Pairs(
            field,
            member,
            open_split(root, member.split),
            None if member.validation is None else open_split(root, member.validation),
        )
        for field, member, root in chosen
    )
    return PairData(recipe.data, members)


def _as_member(choice: DataChoice, root: Path) -> Member:
    dataset = read_manifest(root).dataset
    return Member(dataset=dataset, split=choice.train, validation=choice.validation)


def _require_no_labels(recipe: Recipe) -> None:
    asked: dict[str, object] = {"validation.protocol": recipe.validation.protocol}
    if isinstance(recipe.data, JointData):
        mixing = recipe.data.mixing
        asked |= {"data.mixing.merge": mixing.merge, "data.mixing.remap": mixing.remap}
        for number, member in enumerate(recipe.data.members):
            asked |= {f"data.members[{number}].{name}": getattr(member, name) for name in ("label_set", "protocol")}
    else:
        asked |= {"data.label_set": recipe.data.label_set}
        asked |= {"data.label_space": None if recipe.data.label_space == NATIVE else recipe.data.label_space}
    for field, value in asked.items():
        if value:
            raise RecipeError(f"{field} is of labels, and a pre-training learns from none", remedy="leave it out")
