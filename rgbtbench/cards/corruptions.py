"""Schema of `conditions/corruptions.yaml`: which corruptions there are, of which cameras, and how strong.

Plugins add none: a name in a record has one meaning everywhere.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Final, Literal

from pydantic import Field

from rgbtbench.cards.schema import Modality, Name, Strict
from rgbtbench.cards.yaml_file import read_yaml, validate
from rgbtbench.resources import data_root

#: Severities that every corruption has.
SEVERITIES: Final = (1, 2, 3, 4, 5)


class Corruption(Strict):
    """One corruption.

    `common` are the fifteen that means are taken over in ImageNet-C, `extra` its four for validation, `thermal` those
    of thermal cameras.
    """

    title: str
    group: Literal["noise", "blur", "weather", "digital", "fixed pattern", "level"]
    set: Literal["common", "extra", "thermal"]
    modalities: tuple[Modality, ...] = Field(min_length=1, description="kinds of modality that it can happen to")
    severities: tuple[Annotated[dict[Name, int | float], Field(min_length=1)], ...] = Field(
        min_length=len(SEVERITIES), max_length=len(SEVERITIES), description="arguments, by rising severity"
    )

    def happens_to(self, modality: str) -> bool:
        """Tell whether a modality, such as `lwir_raw`, is of a kind that it can happen to."""
        return modality.partition("_")[0] in self.modalities


class _File(Strict):
    corruptions: dict[Name, Corruption]


@cache
def corruptions() -> dict[str, Corruption]:
    """Return all corruptions by name, in the file's order.

    Raises:
        CardError: the file breaks its schema.
    """
    path = data_root() / "conditions" / "corruptions.yaml"
    data, lines = read_yaml(path)
    below = {("corruptions", *place): line for place, line in lines.items()}
    return validate({"corruptions": data}, _File, path=path, lines=below).corruptions
