"""What one answer amounts to: the record that both ways of reading fill in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Largest distances, in thousandths of the image, at which a stated point finds a true one. The first is that of IRGPT.
WITHIN: Final = (5, 10, 25)
#: What is summed over samples, all that any task has. Which of them a task has follows from what is asked for.
NUMBERS: Final = (
    "parsed",  # 1 for an answer that could be read
    "correct",  # 1 for a right choice
    "error",  # absolute error of a count
    "true",  # boxes or points that there are
    "stated",  # boxes or points that are stated
    "distance",  # of an image's points; by the scripts of IRGPT the sum over its matched points
    *(f"pairs_{within}" for within in WITHIN),  # points that find a true one within so many thousandths
    "found",  # share of the true boxes that are found
    "stopped",  # 1 where a script of IRGPT would stop with an error
)


@dataclass(frozen=True)
class Judged:
    """One answer against what is true.

    Attributes:
        parsed: whether the answer could be read.
        numbers: some of `NUMBERS` but `parsed`.
        hits: bool (K,), which of the stated boxes find a true one, in the order stated; empty for other tasks.
        label: what was sought or was to be chosen: the class that the sample counts for; None where there is none.
    """

    parsed: bool
    numbers: Mapping[str, float]
    hits: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    label: str | None = None
