"""The learning rate as a function of the step, so that a schedule has no state that a checkpoint could lose."""

from __future__ import annotations

import math
from typing import assert_never

from rgbtbench.cards.optimisation import (
    Constant,
    Cosine,
    Exponential,
    MultiStep,
    Polynomial,
    Schedule,
    Step,
    WarmUp,
)
from rgbtbench.cards.recipe import Recipe


def total_steps(recipe: Recipe, samples: int) -> int:
    """Return how often the optimiser steps; the last step of a number of epochs may reach into the next one."""
    if recipe.steps is not None:
        return recipe.steps
    return _steps_of(recipe.epochs or 0, recipe, samples)


def samples_per_step(recipe: Recipe) -> int:
    """Return how many samples one step of the optimiser sees, over all devices."""
    return recipe.batch_size * recipe.accumulate


def learning_rate(recipe: Recipe, step: int, *, steps: int, samples: int) -> float:
    """Return the learning rate of a step, before the factors of parameter groups.

    Args:
        recipe: optimiser, schedule and warm-up.
        step: from 0.
        steps: of the whole training.
        samples: in the training split.
    """
    rate = recipe.optimiser.lr
    epoch = step * samples_per_step(recipe) // samples
    warm_up = recipe.warm_up
    if warm_up is None:
        return rate * _share(recipe.schedule, step=step, epoch=epoch, progress=step / steps)
    length = warm_up.steps or _steps_of(warm_up.epochs or 0, recipe, samples)
    skipped = length if warm_up.schedule == "waits" else 0
    rising = step < length
    if rising and warm_up.schedule != "multiplied":
        return rate * _risen(warm_up, step, length)
    progress = (step - skipped) / max(1, steps - skipped)
    share = _share(recipe.schedule, step=step, epoch=epoch, progress=progress)
    return rate * share * (_risen(warm_up, step, length) if rising else 1.0)


def _steps_of(epochs: float, recipe: Recipe, samples: int) -> int:
    return math.ceil(epochs * samples / samples_per_step(recipe))


def _risen(warm_up: WarmUp, step: int, length: int) -> float:
    if warm_up.rise == "exponential":
        return float(warm_up.start ** (1 - step / length))
    return warm_up.start + (1 - warm_up.start) * (step + 1) / length


def _share(schedule: Schedule, *, step: int, epoch: int, progress: float) -> float:
    """Return the share of the full rate.

    Args:
        schedule: which one.
        step: from 0, warm-up included.
        epoch: likewise.
        progress: from 0 to 1, over the steps that the schedule runs for.
    """
    match schedule:
        case Constant():
            return 1.0
        case Exponential():
            return float(schedule.gamma**epoch)
        case Step(steps=None, epochs=int(every)):
            return float(schedule.gamma ** (epoch // every))
        case Step():
            return float(schedule.gamma ** (step // (schedule.steps or 1)))
        case MultiStep(steps=None):
            return float(schedule.gamma ** sum(milestone <= epoch for milestone in schedule.epochs or ()))
        case MultiStep():
            return float(schedule.gamma ** sum(milestone <= step for milestone in schedule.steps or ()))
        case Cosine():
            return schedule.final + (1 - schedule.final) * (1 + math.cos(math.pi * progress)) / 2
        case Polynomial():
            done = progress if schedule.steps is None else min(1.0, step / schedule.steps)
            return float((1 - done) ** schedule.power)
        case _:
            assert_never(schedule)
