"""The prepared data of a recipe that trains on several datasets: one stream of batches, one list of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rgbtbench.canonical import content_sha256
from rgbtbench.cards.catalog import protocol_prefix
from rgbtbench.cards.data_choice import JointData
from rgbtbench.cards.recipe import Recipe
from rgbtbench.cards.schema import LABEL_KIND
from rgbtbench.loading.joint_report import joint_json, joint_remarks
from rgbtbench.loading.joint_space import JointSpace, joint_space
from rgbtbench.loading.loader import TrainLoader
from rgbtbench.loading.mixture import Mixture, MixtureMember, mixture_loader
from rgbtbench.training.data import LoaderOptions, Watched, validation_rules
from rgbtbench.training.joint_members import OpenedMember, open_members
from rgbtbench.zoo.spec import ModelSpec
from rgbtbench.zoo.weights_info import MemberFacts


@dataclass(frozen=True, slots=True)
class JointTrainingData:
    """What a recipe's `data.members` name; see `TrainingData` for what its methods promise.

    Attributes:
        choice: the recipe's part.
        members: as opened, in the recipe's order.
        space: the classes that they are trained in.
    """

    choice: JointData
    members: tuple[OpenedMember, ...]
    space: JointSpace

    @property
    def classes(self) -> Mapping[int, str]:
        """Class id of the label space to name."""
        return self.space.classes

    def remarks(self, recipe: Recipe) -> list[str]:
        """Return what an epoch holds, and what is kept apart, merged and ignored among the classes."""
        stream = self._mixture().stream(batch_size=recipe.batch_size, seed=recipe.seed)
        return [stream.described, *joint_remarks(self.space)]

    def completed(self, spec: ModelSpec) -> ModelSpec:
        """Return the model's description with what each dataset feeds into it and calls its classes.

        Raises:
            RecipeError: a member names a slot that the model does not have, or a modality that its data does not have.
        """
        members = {
            member.dataset: member.spec(spec, self.space.members[member.dataset]) for member in reversed(self.members)
        }
        update = {"members": dict(sorted(members.items())), "remap": self.choice.mixing.remap}
        return spec.model_copy(update=update)

    def resolved(self, recipe: Recipe) -> Recipe:
        """Return the recipe with every member's label set and wiring filled in."""
        members = tuple(
            member.choice.model_copy(
                update={
                    "label_set": member.label_set,
                    "inputs": {**(recipe.inputs or {}), **(member.choice.inputs or {})},
                }
            )
            for member in self.members
        )
        return recipe.model_copy(update={"data": self.choice.model_copy(update={"members": members})})

    def under(self, condition: str, spec: ModelSpec) -> JointTrainingData:
        """Return the data under a condition, decoding only what the model is fed; raises as `TrainingData` says."""
        members = tuple(member.under(condition, spec.members[member.dataset]) for member in self.members)
        return replace(self, members=members)

    def cached(self) -> JointTrainingData:
        """Return the data with decoded images kept in memory."""
        return replace(self, members=tuple(member.cached() for member in self.members))

    def batches(self, options: LoaderOptions) -> TrainLoader:
        """Return the endless stream of training batches."""
        return mixture_loader(self._mixture(), **options)

    def watched(self, recipe: Recipe) -> list[Watched]:
        """Return each validation split once, with the rules of a protocol of its own dataset."""
        found: dict[tuple[str, str], Watched] = {}
        for member in self.members:
            rules = validation_rules(
                recipe.task,
                member.choice.protocol,
                dataset=member.dataset,
                label_set=member.label_set,
                field=f"{member.field}.protocol",
            )
            if member.validation is not None:
                watched = Watched(
                    member.validation,
                    member.label_set,
                    rules,
                    member=member.dataset,
                    lookup=self.space.lookup(member.dataset),
                    missing=member.missing,
                )
                found.setdefault((member.dataset, member.validation.name), watched)
        return list(found.values())

    def identity(self) -> dict[str, str]:
        """Return hashes over all members' data, and over their labels and the classes that these become."""
        manifests = [(member.choice.name, member.manifest) for member in self.members]
        classes = joint_json(self.space)
        del classes["remarks"]
        labels = [[name, manifest.labels_hash] for name, manifest in manifests]
        return {
            "data_hash": content_sha256([[name, manifest.data_hash] for name, manifest in manifests]),
            "labels_hash": content_sha256({"members": labels, "classes": classes}),
        }

    def facts(self) -> dict[str, Any]:
        """Return the fields of `TrainingFacts` that say what was trained on."""
        members = tuple(
            MemberFacts(
                dataset=member.dataset,
                edition=member.manifest.edition,
                split=member.choice.split,
                pairs=len(member.train),
                weight=member.choice.weight,
                data_hash=member.manifest.data_hash,
                labels_hash=member.manifest.labels_hash,
            )
            for member in self.members
        )
        return {
            "data": tuple(
                f"{protocol_prefix(member.dataset, member.edition)}/{member.split}, {member.pairs} pairs"
                for member in members
            ),
            "members": members,
            "dataset": None,
            **self.identity(),
            "label_set": None,
            "label_space": self.space.name,
        }

    def _mixture(self) -> Mixture:
        members = [
            MixtureMember(
                member.train.in_space(self.space.name, member.label_set, self.space.lookup(member.dataset)),
                member.label_set,
                weight=member.choice.weight,
                missing=member.missing,
            )
            for member in self.members
        ]
        return Mixture.of(members, self.choice.mixing)


def open_joint(recipe: Recipe, choice: JointData, roots: Sequence[Path]) -> JointTrainingData:
    """Open the splits of every member, and bring their classes together.

    Raises:
        RecipeError, ShardError: as `open_members`, or the classes do not fit together.
        LabelError, UnknownNameError: no such label space, or no such class to merge.
    """
    members = open_members(recipe, choice, roots)
    space = joint_space(
        {member.dataset: member.train.label_map(member.label_set) for member in members},
        kind=LABEL_KIND[recipe.task],
        label_set=members[0].label_set,
        space=choice.mixing.label_space,
        merge=choice.mixing.merge,
    )
    return JointTrainingData(choice, members, space)
