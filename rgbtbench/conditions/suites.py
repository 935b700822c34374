"""From a suite to the conditions of one model on one dataset."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from rgbtbench.cards.suite import Line, Suite
from rgbtbench.conditions.condition import Condition, parse_condition
from rgbtbench.conditions.steps import Corrupt, Missing
from rgbtbench.errors import ConditionError

#: Name of the values that `severities` chooses from.
_SEVERITY = "severity"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a suite has to know of a model and the data.

    Attributes:
        fed: modalities that the model is fed, in the dataset's order.
        moved: those of them that the labels do not follow.
        measured: modalities of measured values (float32), which have no darkest and brightest level.
    """

    fed: tuple[str, ...]
    moved: tuple[str, ...]
    measured: frozenset[str] = frozenset()


def suite_conditions(suite: Suite, inputs: Inputs, *, severities: Collection[int] = ()) -> list[Condition]:
    """Return the conditions of a suite that concern a model, each once, in the suite's order.

    Args:
        suite: the suite.
        inputs: of the model.
        severities: those that are wanted; all if empty.

    Raises:
        UnknownNameError: the suite names a condition that does not exist.
        ConditionError: nothing is left.
    """
    found = dict.fromkeys(
        condition
        for line in suite.lines
        for text in _texts(line, inputs, severities)
        if _possible(condition := parse_condition(text, inputs.fed), inputs)
    )
    if not found:
        raise ConditionError(
            "no condition of the suite concerns this model",
            expected=f"one for {' or '.join(inputs.fed)}" + (", and a severity that it has" if severities else ""),
            remedy="choose another suite",
        )
    return list(found)


def _texts(line: Line, inputs: Inputs, severities: Collection[int]) -> Iterator[str]:
    values = [
        [value for value in choices if name != _SEVERITY or not severities or value in severities]
        for name, choices in line.values.items()
    ]
    for modalities in _sets(line, inputs):
        for chosen in product(*values):
            places = dict(zip(line.values, chosen, strict=True))
            yield "+".join(line.condition.format(modality=modality, **places) for modality in modalities)


def _sets(line: Line, inputs: Inputs) -> Iterator[Sequence[str]]:
    candidates = inputs.moved if line.modalities == "moved" else inputs.fed
    wanted = [name for name in candidates if not line.kinds or name.partition("_")[0] in line.kinds]
    sizes: Sequence[int] = (1,)
    if line.modalities == "subsets":
        sizes = range(1, len(inputs.fed))
    elif line.modalities == "all":
        sizes = (len(wanted),)
    for size in sizes:
        yield from combinations(wanted, size)


def _possible(condition: Condition, inputs: Inputs) -> bool:
    """Tell whether a condition can be set up: nothing without range is corrupted, something is left to repeat."""
    return not any(
        isinstance(step, Corrupt) or (isinstance(step, Missing) and step.fill in ("noise", "repeat_other"))
        for step in condition.steps
        if step.modality in inputs.measured
    ) and not (
        any(isinstance(step, Missing) and step.fill == "repeat_other" for step in condition.steps)
        and len(inputs.fed) < 2
    )
