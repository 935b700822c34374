"""Which prepared data a recipe trains on: one dataset, or several and how they are mixed."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from rgbtbench.cards.schema import Modality, Name, ProtocolName, Strict

Selection = Literal["last", "val", "test"]

_LABEL_SPACE = r"^[a-z0-9][a-z0-9_-]*$"


class DataChoice(Strict):
    """Which part of the prepared data is used for what."""

    train: Name = "train"
    validation: Name | None = Field("val", description="split that is looked at during training; null: none")
    label_set: Name | None = Field(None, description="null: the data's only label set of the task's kind")
    label_space: str = Field("native", pattern=_LABEL_SPACE, description="native, unified or a dataset")
    without: tuple[str, ...] = Field(
        (),
        # Recipes that leave nothing out keep the hash that their records state.
        exclude_if=lambda names: not names,
        description="classes of pixels that the model has no output for, and whose pixels teach nothing",
    )


class Member(Strict):
    """One dataset, or one split of it, in a training on several."""

    dataset: Name
    split: Name = "train"
    validation: Name | None = Field("val", description="split that is looked at during training; null: none")
    label_set: Name | None = Field(None, description="null: the dataset's only label set of the task's kind")
    weight: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="share of what is drawn, relative to the others'; see Mixing"
    )
    inputs: dict[Name, Modality | None] | None = Field(
        None, description="slot of the model to modality, where it differs from the recipe's `inputs`; null: no image"
    )
    protocol: ProtocolName | None = Field(
        None, description="a protocol's name in the dataset's card, for validation; null: the first of the task"
    )

    @property
    def name(self) -> str:
        """Dataset and split: what tells members apart."""
        return f"{self.dataset}/{self.split}"


class Mixing(Strict):
    """How the samples of several members become one stream, and their classes one list.

    With `by: weights` every epoch holds each member in proportion to its weight, or to its size where no member has
    a weight, in random order. With `by: round_robin` members take turns (`over: datasets`), or the sets of modalities
    do, and within a set the members by weight (`over: modalities`).
    """

    by: Literal["weights", "round_robin"] = "weights"
    over: Literal["datasets", "modalities"] = Field("datasets", description="what takes turns in round_robin")
    batches: Literal["single", "mixed"] = Field("single", description="a batch holds one dataset, or several")
    epoch: Literal["sum", "longest"] | Annotated[int, Field(ge=1)] = Field(
        "sum",
        description="samples: all members' together; so many that every member is seen once; or a number",
    )
    label_space: str = Field("joint", pattern=_LABEL_SPACE, description="joint, native, unified or a dataset")
    merge: tuple[Name, ...] = Field((), description="unified classes that take in every finer one")
    remap: bool = Field(False, description="a second loss in each dataset's own classes (SegRGB-X, equation 8)")

    @model_validator(mode="after")
    def _turns_need_a_round(self) -> Self:
        if self.by == "weights" and self.over != "datasets":
            raise ValueError("over belongs to by: round_robin")
        return self


class JointData(Strict):
    """Several prepared datasets, mixed."""

    members: tuple[Member, ...] = Field(min_length=2)
    mixing: Mixing = Mixing()

    @model_validator(mode="before")
    @classmethod
    def _all_classes_are_learnt(cls, data: Any) -> Any:
        parts = [data, *data.get("members", ())] if isinstance(data, dict) else []
        if any(isinstance(part, dict) and "without" in part for part in parts):
            raise ValueError(
                "without leaves classes out of one dataset; of several, mixing.label_space and mixing.merge say which "
                "classes there are"
            )
        return data

    @model_validator(mode="after")
    def _members_are_distinct(self) -> Self:
        names = [member.name for member in self.members]
        if len(set(names)) != len(names):
            raise ValueError(f"a split is a member once: {', '.join(names)}")
        sets: dict[str, Member] = {}
        for member in self.members:
            first = sets.setdefault(member.dataset, member)
            if (first.label_set, first.inputs) != (member.label_set, member.inputs):
                raise ValueError(f"members of {member.dataset} share label_set and inputs")
        return self

    @model_validator(mode="after")
    def _weights_are_complete(self) -> Self:
        weighted = [member.weight is not None for member in self.members]
        if any(weighted) and not all(weighted):
            raise ValueError("give every member a weight, or none")
        if any(weighted) and (self.mixing.by, self.mixing.over) == ("round_robin", "datasets"):
            raise ValueError("weights have no part in round_robin over datasets")
        return self


def _kind(data: Any) -> str:
    several = isinstance(data, JointData) or (isinstance(data, dict) and bool({"members", "mixing"} & set(data)))
    return "several" if several else "one"


#: One dataset or several, told apart by `members`.
Data = Annotated[Annotated[DataChoice, Tag("one")] | Annotated[JointData, Tag("several")], Discriminator(_kind)]


def require_unseen_test(data: DataChoice | JointData, selection: Selection) -> None:
    """Make sure that nothing is learnt from test data, and that it chooses no weights unless the recipe says so.

    Raises:
        ValueError: naming the field.
    """
    if isinstance(data, DataChoice):
        _require_unseen("data", "train", data.train, data.validation, selection, learnt={data.train})
        watched = [data.validation]
    else:
        for number, member in enumerate(data.members):
            learnt = {other.split for other in data.members if other.dataset == member.dataset}
            where = f"data.members[{number}]"
            _require_unseen(where, "split", member.split, member.validation, selection, learnt=learnt)
        watched = [member.validation for member in data.members]
    if selection != "last" and not any(watched):
        wanted = {"val": "data.validation", "test": "a test split as data.validation; use val or last otherwise"}
        raise ValueError(f"selection: {selection} needs {wanted[selection]}")


def _require_unseen(
    where: str, field: str, train: str, watched: str | None, selection: Selection, *, learnt: set[str]
) -> None:
    if _is_test(train):
        raise ValueError(f"{where}.{field}: {train!r} is a test split; nothing is trained on it")
    if watched is None:
        return
    if selection == "test" and not _is_test(watched):
        raise ValueError(f"selection: test needs a test split as {where}.validation; use val or last otherwise")
    if selection != "test" and _is_test(watched):
        raise ValueError(
            f"{where}.validation: {watched!r} is a test split; choose another, or mark a paper's practice of "
            "choosing weights on test data with selection: test"
        )
    if watched in learnt and selection != "last":
        raise ValueError(f"{where}.validation: weights cannot be selected on the training split")


def _is_test(split: str) -> bool:
    return split.split("_")[0].split("-")[0] == "test"
