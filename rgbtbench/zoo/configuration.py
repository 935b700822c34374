"""A method's configuration, from what a recipe says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from rgbtbench.cards.extension import laid_over


def completed(said: Mapping[str, Any], schema: type[BaseModel]) -> dict[str, Any]:
    """Return what a recipe says together with what its mappings leave to the method.

    The method's defaults lie below a recipe as an extended recipe does: `preprocess: {size: [480, 640]}` keeps the
    method's normalisation. Of fields that a schema names in `ALTERNATIVES`, a recipe that says one takes all back.

    Args:
        said: of the configuration, as plain data.
        schema: of the method's configuration.
    """
    result = dict(said)
    for name, field in schema.model_fields.items():
        default, own = field.get_default(call_default_factory=True), result.get(name)
        if not (isinstance(default, BaseModel) and isinstance(own, Mapping)):
            continue
        alternatives = set(getattr(default, "ALTERNATIVES", ()))
        replaced = alternatives if alternatives & own.keys() else set()
        result[name] = laid_over(default.model_dump(mode="json", exclude=replaced), dict(own))
    return result
