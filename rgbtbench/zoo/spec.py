"""What fully describes a model apart from its weights; stored beside them. Needs no torch."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, JsonValue, model_validator

from rgbtbench.cards.schema import WITHOUT_CLASSES, Modality, Name, Strict, Use
from rgbtbench.errors import RecipeError, did_you_mean

#: Slot of a model to the modality that feeds it: `{"rgb": "rgb", "inf": "lwir"}`.
Wiring = dict[Name, Modality]


class MemberSpec(Strict):
    """What a model that was trained on several datasets is to one of them.

    Attributes:
        inputs: slot to the modality that the dataset feeds into it.
        missing: modalities among them that the dataset does not have; the model gets a fill.
        label_set: that targets come from and predictions are made for; None in pre-training.
        classes: the dataset's own class id to name; empty in pre-training.
        labels: own class id to the model's; classes that teach nothing are absent.
        answers: the model's class id to the own one that it counts as in evaluation; outputs without one are left out.
    """

    inputs: Wiring = Field(min_length=1)
    missing: tuple[Modality, ...] = ()
    label_set: Name | None
    classes: dict[int, str]
    labels: dict[int, int]
    answers: dict[int, int]


class ModelSpec(Strict):
    """A method with everything that fixes its parameters' shapes and the meaning of its outputs.

    Attributes:
        method: name in the registry.
        config: the method's own configuration, complete.
        task: what it predicts, or pre-training.
        classes: class id of the label space that it was built for to name; outputs are ordered by id. Empty for
            saliency and in pre-training, and nowhere else.
        inputs: slot to source modality.
        members: dataset to what it feeds and what the classes are there, for models trained on several datasets.
        remap: training adds a loss in each dataset's own classes.
        bottlenecks: name of a linear layer to the width of the adapter behind it.
    """

    method: Name
    config: dict[str, JsonValue]
    task: Use
    classes: dict[int, str]
    inputs: Wiring = Field(min_length=1)
    members: dict[Name, MemberSpec] = Field(default_factory=dict)
    remap: bool = False
    bottlenecks: dict[str, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict, exclude_if=lambda bottlenecks: not bottlenecks
    )

    @model_validator(mode="after")
    def _ids_are_classes(self) -> Self:
        if bool(self.classes) == (self.task in WITHOUT_CLASSES):
            raise ValueError("classes are what a task tells apart; saliency and pre-training have none")
        if any(not 0 <= identifier <= 65535 for identifier in self.classes):
            raise ValueError("class ids lie from 0 to 65535")
        return self

    @property
    def class_ids(self) -> tuple[int, ...]:
        """Class ids in the order of the model's outputs."""
        return tuple(sorted(self.classes))

    def inputs_of(self, dataset: str) -> Wiring:
        """Return what feeds each slot on images of a dataset."""
        return self.members[dataset].inputs if dataset in self.members else self.inputs


def member_of(spec: ModelSpec, dataset: str) -> MemberSpec:
    """Return what a jointly trained model is to a dataset.

    Raises:
        RecipeError: it was not trained on it.
    """
    if dataset not in spec.members:
        raise RecipeError(
            f"the model was trained on {', '.join(spec.members)}, and {dataset} is none of them",
            remedy=did_you_mean(dataset, spec.members),
        )
    return spec.members[dataset]
