"""A training in several stages: what each does otherwise than the recipe says."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from rgbtbench.cards.augmentations import Augmentations
from rgbtbench.cards.losses import Losses
from rgbtbench.cards.optimisation import Freezing, Optimiser, Schedule, WarmUp
from rgbtbench.cards.schema import Name, Strict


class Stage(Strict):
    """One stage: its length, and whatever else it does otherwise; what it leaves out is as the recipe says.

    It begins with the weights of the stage before, and with a new optimiser, schedule and moving average.
    """

    name: Name
    epochs: int | None = Field(None, ge=1)
    steps: int | None = Field(None, ge=1, description="of the optimiser")
    begin_with: Literal["last", "best"] = Field(
        "last", description="weights of the stage before: the last, or the best on the validation split"
    )
    freeze: Freezing | None = None
    losses: Losses | None = None
    optimiser: Optimiser | None = None
    schedule: Schedule | None = None
    warm_up: WarmUp | None = None
    augmentations: Augmentations | None = None
    batch_size: int | None = Field(None, ge=1)
    accumulate: int | None = Field(None, ge=1)
    clip_norm: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("a stage is given either epochs or steps")
        return self


def require_stages(stages: tuple[Stage, ...]) -> None:
    """Make sure that stages can follow one another.

    Raises:
        ValueError: names that are not distinct, or a first stage that begins with weights of one before.
    """
    names = [stage.name for stage in stages]
    if len(set(names)) != len(names):
        raise ValueError(f"a stage has a name of its own: {', '.join(names)}")
    if stages and stages[0].begin_with == "best":
        raise ValueError("stages[0].begin_with: no stage comes before; use initial_weights")
