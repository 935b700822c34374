"""The learning rate as a function of the step, so that a schedule has no state that a checkpoint could lose."""

from __future__ import annotations

import math
from typing import assert_never

from rgbtbench.cards.recipe import Constant, Cosine, Exponential, Polynomial, Recipe


def total_steps(recipe: Recipe, samples: int) -> int:
    """Return how often the optimiser steps; the last step of a number of epochs may reach into the next one."""
    if recipe.steps is not None:
        return recipe.steps
    return math.ceil((recipe.epochs or 0) * samples / samples_per_step(recipe))


def samples_per_step(recipe: Recipe) -> int:
    """Return how many samples one step of the optimiser sees, over all devices."""
    return recipe.batch_size * recipe.accumulate


def learning_rate(recipe: Recipe, step: int, *, steps: int, samples: int) -> float:
    """Return the learning rate of a step.

    The schedule runs over the steps after the warm-up.

    Args:
        recipe: optimiser, schedule and warm-up.
        step: from 0.
        steps: of the whole training.
        samples: in the training split.
    """
    rate = recipe.optimiser.lr
    warm_up = recipe.warm_up
    if warm_up is not None and step < warm_up.steps:
        return rate * (warm_up.start + (1 - warm_up.start) * (step + 1) / warm_up.steps)
    skipped = 0 if warm_up is None else warm_up.steps
    progress = (step - skipped) / max(1, steps - skipped)
    schedule = recipe.schedule
    match schedule:
        case Constant():
            return rate
        case Exponential():
            return rate * schedule.gamma ** (step * samples_per_step(recipe) // samples)
        case Cosine():
            return rate * (schedule.final + (1 - schedule.final) * (1 + math.cos(math.pi * progress)) / 2)
        case Polynomial():
            return float(rate * (1 - progress) ** schedule.power)
        case _:
            assert_never(schedule)
