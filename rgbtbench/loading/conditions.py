"""What is done to the input of a model before it sees it, by name: `none`, `shuffled-lwir`, `missing-rgb`.

Labels are never touched: a condition only says which image stands in for a modality's own. Its name goes into the
record of a result. How a model is wired (the same modality twice, one modality alone) is no condition but the model's
own matter.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import UnknownNameError, did_you_mean
from rgbtbench.loading.sampler import Purpose, epoch_order

#: Name of the condition in which everything is as recorded.
NONE = "none"
#: Stands for "no image" in place of a position.
MISSING = -1

Kind = Literal["shuffled", "missing"]
_NAME = re.compile(r"(?P<kind>[a-z]+)-(?P<modality>[a-z]+)")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition.

    Attributes:
        kind: `shuffled`, the modality's image is that of another sample; `missing`, there is none.
        modality: the modality concerned.
    """

    kind: Kind
    modality: str

    def __str__(self) -> str:
        return f"{self.kind}-{self.modality}"


def parse_condition(name: str, modalities: Collection[str]) -> Condition:
    """Read a condition's name.

    Args:
        name: `<kind>-<modality>`.
        modalities: those that the data has.

    Raises:
        UnknownNameError: no such kind or modality; names the closest.
    """
    known = [f"{kind}-{modality}" for kind in get_args(Kind) for modality in modalities]
    match = _NAME.fullmatch(name)
    if match is None or name not in known:
        raise UnknownNameError(f"no condition {name!r}", remedy=did_you_mean(name, known))
    kind: Kind = "shuffled" if match["kind"] == "shuffled" else "missing"
    return Condition(kind, match["modality"])


def donors(condition: Condition, samples: int) -> NDArray[np.int64]:
    """Return for each of `samples` positions the position that its image comes from, int64, or `MISSING`.

    Shuffling follows one fixed random cycle through all positions, so no sample keeps its own image and every image is
    used once. It depends on the number of samples alone: the condition means the same in every run.

    Raises:
        UnknownNameError: fewer than two samples cannot be shuffled.
    """
    if condition.kind == "missing":
        return np.full(samples, MISSING, np.int64)
    if samples < 2:
        raise UnknownNameError(
            f"{condition} needs another sample", expected="at least 2 samples", remedy="raise the limit"
        )
    cycle = epoch_order(samples, seed=0, purpose=Purpose.CONDITION)
    giver = np.empty(samples, np.int64)
    giver[cycle] = np.roll(cycle, 1)
    return giver
