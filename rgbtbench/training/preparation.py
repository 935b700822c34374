"""Everything as it is before the first step: model, optimiser, batches, plan."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from lightning_fabric import Fabric

from rgbtbench.cards.recipe import Recipe
from rgbtbench.errors import RecipeError
from rgbtbench.loading.loader import eval_loader
from rgbtbench.progress import Progress
from rgbtbench.training.averaging import MovingAverage
from rgbtbench.training.data import TrainingData, Watched
from rgbtbench.training.devices import with_synchronised_statistics
from rgbtbench.training.loop import Metrics, Plan, Trainee
from rgbtbench.training.optim import make_optimiser
from rgbtbench.training.parameter_groups import freeze, parameter_groups
from rgbtbench.training.schedule import samples_per_step, total_steps
from rgbtbench.training.validation import Look, validate
from rgbtbench.zoo.encoder_weights import load_initial_weights
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.registry import build_from
from rgbtbench.zoo.spec import ModelSpec


def prepare_training(
    fabric: Fabric, recipe: Recipe, spec: ModelSpec, data: TrainingData, *, workers: int, told: Progress
) -> tuple[Trainee, Plan]:
    """Return the model and everything around it as they are before the first step.

    Args:
        fabric: launched.
        recipe: as resolved.
        spec: of the model.
        data: to learn from and to look at.
        workers: processes that decode.
        told: of what a user should know.

    Raises:
        WeightsError: the initial weights do not fit.
        RecipeError: the batch cannot be shared by the processes, the validation protocol does not exist, the method
            has no loss that the recipe asks for, or a pattern of the recipe matches nothing in the model.
    """
    seed_everything(recipe.seed)
    model = build_from(spec)
    if spec.remap and not model.remaps:
        raise RecipeError(
            f"data.mixing.remap: {spec.method} has no loss in each dataset's own classes",
            remedy="leave remap out, or choose a method that has one",
        )
    if recipe.initial_weights is not None:
        load_initial_weights(Path(recipe.initial_weights), model)
    if recipe.losses.pixels:
        model.choose_losses(recipe.losses.pixels)
    freeze(model, recipe.freeze)
    if recipe.channels_last:
        model.to(memory_format=torch.channels_last)
    synchronised, remark = with_synchronised_statistics(model, fabric)
    if remark is not None:
        told.say(remark)
    model = cast("Model", synchronised.to(fabric.device))
    optimiser = make_optimiser(parameter_groups(model, recipe.optimiser), recipe.optimiser)
    wrapped, optimiser = fabric.setup(model, optimiser, move_to_device=False)
    seed_everything(recipe.seed + fabric.global_rank)
    batches = data.batches(
        {
            "task": recipe.task,
            "batch_size": recipe.batch_size,
            "seed": recipe.seed,
            "augmentations": recipe.augmentations,
            "workers": workers,
            "rank": fabric.global_rank,
            "world": fabric.world_size,
        }
    )
    trainee = Trainee(
        model=model,
        wrapped=wrapped,
        optimiser=optimiser,
        average=None if recipe.averaging is None else MovingAverage(model, recipe.averaging.decay),
        batches=batches,
    )
    watched = data.watched(recipe)
    samples = batches.epoch_samples
    plan = Plan(
        recipe=recipe,
        steps=total_steps(recipe, samples),
        samples=samples,
        validate_every=_validation_interval(recipe, samples),
        validation=_validation(fabric, recipe, model, watched, workers=workers) if watched else None,
        headline=watched[0].rules.headline if watched else "",
    )
    return trainee, plan


def _validation(
    fabric: Fabric, recipe: Recipe, model: Model, watched: Sequence[Watched], *, workers: int
) -> Callable[[], Metrics]:
    looks = [
        Look(
            one,
            eval_loader(
                one.split,
                batch_size=max(1, recipe.batch_size // fabric.world_size),
                task=recipe.task,
                label_set=one.label_set,
                missing=one.missing,
                workers=workers,
                rank=fabric.global_rank,
                world=fabric.world_size,
            ),
        )
        for one in watched
    ]
    return partial(validate, model, looks, fabric=fabric, loss_weights=recipe.losses.weights)


def seed_everything(seed: int) -> None:
    """Seed every global random generator; loaders do not use them."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _validation_interval(recipe: Recipe, samples: int) -> int | None:
    rules = recipe.validation
    if rules.every_epochs is not None:
        return max(1, round(rules.every_epochs * samples / samples_per_step(recipe)))
    return rules.every_steps
