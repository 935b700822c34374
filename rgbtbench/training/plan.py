"""What does not change during a stage of a training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from rgbtbench.cards.recipe import Recipe
from rgbtbench.snapshots import Snapshot
from rgbtbench.training.schedule import samples_per_step, total_steps

Metrics = dict[str, float]
#: The one metric of which less is better.
LOSS: Final = "loss"


@dataclass(frozen=True, slots=True)
class Span:
    """Where a stage lies in the whole training.

    Attributes:
        stage: from 0.
        stages: how many there are.
        before: steps of the optimiser in all earlier stages.
        steps: in this one.
        total: in all stages.
        epochs_before: in all earlier stages.
        samples: in an epoch of this one.
    """

    stage: int
    stages: int
    before: int
    steps: int
    total: int
    epochs_before: float
    samples: int

    @property
    def end(self) -> int:
        """Steps done when the stage is."""
        return self.before + self.steps


@dataclass(frozen=True, slots=True)
class Plan:
    """What a stage does.

    Attributes:
        recipe: of the stage, as resolved.
        span: of the stage.
        validate_every: steps between validations; None validates at the end alone.
        headline: the metric by which `selection: val` chooses; of the loss and of errors lower is better.
        validation: looks at the model as it is; None where there is no validation split.
        checkpoint_seconds: at least so often a checkpoint is written, besides those after validations.
        snapshot: shows what a pre-training does after a step, on every process alike; None for other trainings.
    """

    recipe: Recipe
    span: Span
    validate_every: int | None
    headline: str
    validation: Callable[[], Metrics] | None
    checkpoint_seconds: float
    snapshot: Callable[[int], Snapshot] | None

    def looks_after(self, done: int) -> bool:
        """Say whether the model is validated, or shown, after `done` steps, counted over all stages."""
        every = self.validate_every
        return done == self.span.end or (every is not None and (done - self.span.before) % every == 0)


def spans(recipes: Sequence[Recipe], samples: Sequence[int]) -> list[Span]:
    """Return the place of each stage.

    Args:
        recipes: of the stages.
        samples: in an epoch of each.
    """
    steps = [total_steps(recipe, count) for recipe, count in zip(recipes, samples, strict=True)]
    epochs = [
        number * samples_per_step(recipe) / count for number, recipe, count in zip(steps, recipes, samples, strict=True)
    ]
    return [
        Span(
            stage=stage,
            stages=len(recipes),
            before=sum(steps[:stage]),
            steps=steps[stage],
            total=sum(steps),
            epochs_before=sum(epochs[:stage]),
            samples=samples[stage],
        )
        for stage in range(len(recipes))
    ]


def validation_interval(recipe: Recipe, samples: int) -> int | None:
    """Return the steps between validations, or None where there is one at the end alone."""
    rules = recipe.validation
    if rules.every_epochs is not None:
        return max(1, round(rules.every_epochs * samples / samples_per_step(recipe)))
    return rules.every_steps
