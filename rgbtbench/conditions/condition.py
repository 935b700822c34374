"""A condition: the steps of an id, in the order in which they happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rgbtbench.conditions.steps import Corrupt, Misregistration, Missing, Noisy, Step, parse_step
from rgbtbench.errors import ConditionError

#: Id of the condition in which everything is as recorded.
NONE: Final = "none"
_JOIN: Final = "+"


@dataclass(frozen=True, slots=True)
class Condition:
    """What is done to the input.

    Attributes:
        steps: in the order of light: first where things lie, then what the camera makes of them, then what
            happens to the network's input: noise, then loss.
            Within one of these the modalities are sorted, and steps of one modality stay as they were written.
    """

    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        return _JOIN.join(map(str, self.steps)) or NONE

    def of(self, modality: str) -> tuple[Step, ...]:
        """Return the steps of one modality."""
        return tuple(step for step in self.steps if step.modality == modality)

    @property
    def missing(self) -> dict[str, Missing]:
        """Modality to how it is missing."""
        return {step.modality: step for step in self.steps if isinstance(step, Missing)}

    @property
    def noisy(self) -> dict[str, Noisy]:
        """Modality to how noisy the network's input is."""
        return {step.modality: step for step in self.steps if isinstance(step, Noisy)}

    @property
    def moved(self) -> dict[str, Misregistration]:
        """Modality to a step that moves its content."""
        return {step.modality: step for step in self.steps if isinstance(step, Misregistration)}

    @property
    def modalities(self) -> frozenset[str]:
        """Those that something is done to."""
        return frozenset(step.modality for step in self.steps)

    @property
    def slug(self) -> str:
        """The id as a part of a file's name."""
        return str(self).replace(":", "-").replace("/", "-")


def parse_condition(text: str, modalities: Sequence[str]) -> Condition:
    """Read the id of a condition.

    Args:
        text: `none`, or ids of steps joined by `+`.
        modalities: those that the data has.

    Returns:
        The condition; its own id may differ from `text` in the order of steps and in how numbers are written.

    Raises:
        UnknownNameError: a step that is none; names the closest.
        ConditionError: steps that exclude each other.
    """
    if text == NONE:
        return Condition()
    steps = [parse_step(part.strip(), modalities) for part in text.split(_JOIN)]
    gone = {step.modality: step for step in steps if isinstance(step, Missing) and step.share == 1}
    for step in steps:
        if step.modality in gone and step is not gone[step.modality]:
            raise ConditionError(
                f"{text}: {step.modality} is missing, so nothing else can happen to it", remedy=f"leave {step} out"
            )
    if len(set(steps)) < len(steps):
        raise ConditionError(f"{text}: a step stands there twice", remedy="leave one out")
    noisy = [step.modality for step in steps if isinstance(step, Noisy)]
    if len(set(noisy)) < len(noisy):
        raise ConditionError(f"{text}: two noises of one modality", remedy="leave one out")
    return Condition(tuple(sorted(steps, key=lambda step: (_stage(step), step.modality))))


def _stage(step: Step) -> int:
    match step:
        case Missing():
            return 3
        case Noisy():
            return 2
        case Corrupt():
            return 1
    return 0
