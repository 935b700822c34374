"""Everything as it is before the first step of a stage: model, optimiser, batches, plan."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim import Optimizer

from rgbtbench.cards.recipe import Recipe
from rgbtbench.device_memory import advising_on_memory
from rgbtbench.errors import RecipeError
from rgbtbench.loading.loader import eval_loader
from rgbtbench.progress import Progress
from rgbtbench.training.acceleration import accelerate
from rgbtbench.training.adaptation import adapt
from rgbtbench.training.averaging import MovingAverage
from rgbtbench.training.data import Watched
from rgbtbench.training.devices import with_synchronised_statistics
from rgbtbench.training.optim import make_optimiser
from rgbtbench.training.parameter_groups import freeze, parameter_groups
from rgbtbench.training.plan import LOSS, Metrics, Plan, Span, validation_interval
from rgbtbench.training.resolution import Training, loader_options
from rgbtbench.training.snapshots import snapshots_of
from rgbtbench.training.trainee import Trainee
from rgbtbench.training.validation import Look, validate
from rgbtbench.zoo.encoder_weights import load_initial_weights
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.registry import build_from
from rgbtbench.zoo.spec import ModelSpec


def prepare_stage(
    fabric: Fabric,
    recipe: Recipe,
    span: Span,
    training: Training,
    *,
    weights: Mapping[str, Tensor] | None,
    workers: int,
    checkpoint_seconds: float,
    told: Progress,
) -> tuple[Trainee, Plan]:
    """Return the model and everything around it as they are before the first step.

    Args:
        fabric: launched.
        recipe: of the stage.
        span: of the stage.
        training: model and data.
        weights: of the stage before, or of a checkpoint; None for those that the recipe begins with.
        workers: processes that decode.
        checkpoint_seconds: at least so often a checkpoint is written, besides those after validations.
        told: of what a user should know.

    Raises:
        WeightsError: the initial weights do not fit.
        RecipeError: the batch cannot be shared by the processes, the validation protocol does not exist, the method
            has no loss that the recipe asks for, a pattern of the recipe matches nothing in the model, or the device
            has no room for its weights.
    """
    seed_everything(recipe.seed)
    initial = recipe.initial_weights if weights is None else None
    model = model_for(recipe, training.spec, initial_weights=None if initial is None else Path(initial))
    if weights is not None:
        model.load_state_dict(weights)
    synchronised, remark = with_synchronised_statistics(model, fabric)
    if remark is not None and span.stage == 0:
        told.say(remark)
    with advising_on_memory(partial(_no_room_for_weights, model)):
        model = cast("Model", synchronised.to(fabric.device))
    accelerate(model, recipe)
    wrapped = fabric.setup_module(model, move_to_device=False)
    # Parameters that are shared out among processes are others than they were.
    choice = make_optimiser(parameter_groups(model, recipe.optimiser), recipe.optimiser)
    optimiser = cast("Optimizer", fabric.setup_optimizers(choice))
    seed_everything(recipe.seed + fabric.global_rank)
    rank, world = fabric.global_rank, fabric.world_size
    trainee = Trainee(
        model=model,
        wrapped=wrapped,
        optimiser=optimiser,
        average=None if recipe.averaging is None else MovingAverage(model, recipe.averaging.decay),
        batches=training.data.batches(loader_options(recipe, rank=rank, world=world, workers=workers)),
        stage=span.stage,
        done=span.before,
    )
    watched = training.data.watched(recipe)
    plan = Plan(
        recipe=recipe,
        span=span,
        validate_every=validation_interval(recipe, span.samples),
        validation=_validation(fabric, recipe, model, watched, workers=workers) if watched else None,
        headline=_headline(watched),
        checkpoint_seconds=checkpoint_seconds,
        snapshot=snapshots_of(model, training.data, fabric.device),
    )
    return trainee, plan


def _no_room_for_weights(model: Model) -> RecipeError:
    count = sum(parameter.numel() for parameter in model.parameters())
    return RecipeError(
        f"out of memory with the {count:,} parameters of {model.spec.method}",
        remedy="end what else runs on the device, or take one with more memory",
    )


def model_for(recipe: Recipe, spec: ModelSpec, *, initial_weights: Path | None = None) -> Model:
    """Return the model of a stage, its losses chosen, adapters in their places and its parameters frozen.

    Args:
        recipe: of the stage.
        spec: of the model, without the adapters that the recipe adds.
        initial_weights: what it begins with; None for random weights.

    Raises:
        RecipeError: the method has no loss that the recipe asks for, or a pattern matches nothing in the model.
        WeightsError: the initial weights do not fit.
    """
    model = build_from(spec)
    if spec.remap and not model.remaps:
        raise RecipeError(
            f"data.mixing.remap: {spec.method} has no loss in each dataset's own classes",
            remedy="leave remap out, or choose a method that has one",
        )
    if recipe.losses.pixels:
        model.choose_losses(recipe.losses.pixels)
    if initial_weights is not None:
        load_initial_weights(initial_weights, model)
    adapt(model, recipe.adapters)
    freeze(model, recipe.freeze)
    return model


def seed_everything(seed: int) -> None:
    """Seed every global random generator; loaders do not use them."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _headline(watched: Sequence[Watched]) -> str:
    rules = watched[0].rules if watched else None
    return LOSS if rules is None else rules.headline


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
