"""What fully describes a model apart from its weights; stored beside them. Needs no torch."""

from __future__ import annotations

from typing import Self

from pydantic import Field, JsonValue, model_validator

from rgbtbench.cards.schema import Modality, Name, Strict, Task

#: Slot of a model to the modality that feeds it: `{"rgb": "rgb", "inf": "lwir"}`.
Wiring = dict[Name, Modality]


class ModelSpec(Strict):
    """A method with everything that fixes its parameters' shapes and the meaning of its outputs.

    Attributes:
        method: name in the registry.
        config: the method's own configuration, complete.
        task: what it predicts.
        classes: class id of the label space that it was built for to name; outputs are ordered by id.
        inputs: slot to source modality.
    """

    method: Name
    config: dict[str, JsonValue]
    task: Task
    classes: dict[int, str] = Field(min_length=1)
    inputs: Wiring = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_are_classes(self) -> Self:
        if any(not 0 <= identifier <= 65535 for identifier in self.classes):
            raise ValueError("class ids lie from 0 to 65535")
        return self

    @property
    def class_ids(self) -> tuple[int, ...]:
        """Class ids in the order of the model's outputs."""
        return tuple(sorted(self.classes))
