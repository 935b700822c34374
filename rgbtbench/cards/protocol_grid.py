"""Protocols that differ in a few parts, written as those parts: one protocol for each combination."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Annotated, Any

from pydantic import Field

from rgbtbench.cards.schema import Strict

#: Part of a protocol's name to the fields of the block that it brings.
Part = Annotated[dict[str, dict[str, Any]], Field(min_length=1)]


class ProtocolGrid(Strict):
    """A grid of protocols: the name of each is one piece of every part, joined, its fields are theirs together.

    Fields of later parts are added to those of earlier ones, mappings such as `rules` key by key; a plain value may not
    be given twice. Summaries are joined to one sentence.
    """

    common: dict[str, Any] = Field(default_factory=dict, description="fields of all")
    parts: tuple[Part, ...] = Field(min_length=1)

    def blocks(self) -> dict[str, dict[str, Any]]:
        """Return name to fields of `rgbtbench.cards.protocol.ProtocolBlock`.

        Raises:
            ValueError: two parts give one field different values.
        """
        found: dict[str, dict[str, Any]] = {}
        for pieces in product(*(part.items() for part in self.parts)):
            name = "".join(piece for piece, _ in pieces)
            block = self.common
            for _, fields in pieces:
                block = _joined(block, fields, name)
            found[name] = block
        return found


def _joined(first: Mapping[str, Any], second: Mapping[str, Any], name: str) -> dict[str, Any]:
    joined = dict(first)
    for key, value in second.items():
        if key not in joined:
            joined[key] = value
        elif key == "summary":
            joined[key] = f"{joined[key]}, {value}"
        elif isinstance(joined[key], dict) and isinstance(value, dict):
            joined[key] = _joined(joined[key], value, name)
        else:
            raise ValueError(f"protocol {name}: two parts of its grid give {key!r}")
    return joined
