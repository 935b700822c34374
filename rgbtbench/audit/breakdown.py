"""The values of each attribute of a split, and which samples have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.measures import SplitMeasures
from rgbtbench.cards.schema import AttributeValue

Summary = TypeVar("Summary")

#: An attribute with more values than this is no breakdown: a file name, a measured number.
_MOST_VALUES: Final = 24


def by_attribute(
    split: SplitMeasures, summarise: Callable[[NDArray[np.bool_]], Summary]
) -> dict[str, dict[str, Summary]]:
    """Return attribute to value to what `summarise` makes of which of the N samples have it, bool (N,)."""
    return {
        attribute: {value: summarise(having) for value, having in values.items()}
        for attribute, values in _attribute_values(split).items()
    }


def _attribute_values(split: SplitMeasures) -> dict[str, dict[str, NDArray[np.bool_]]]:
    """Return attribute to value to which samples have it; `unknown` where a sample has none."""
    found = {}
    for name, column in split.data.attributes.items():
        texts = np.array([_text(value) for value in column])
        values = sorted(set(texts.tolist()))
        if 1 <= len(values) <= _MOST_VALUES:
            found[name] = {value: texts == value for value in values}
    return found


def _text(value: AttributeValue) -> str:
    if value is None:
        return "unknown"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
