"""One step of the optimiser: forward, backward, and what can go wrong in between."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from lightning_fabric import Fabric
from torch import Tensor

from rgbtbench.cards.recipe import Recipe
from rgbtbench.device_memory import advising_on_memory
from rgbtbench.errors import RecipeError
from rgbtbench.loading.batch import Batch
from rgbtbench.training.acceleration import require_recomputation
from rgbtbench.training.adaptation import require_effect
from rgbtbench.training.devices import any_process, gathered, mean_over_processes
from rgbtbench.training.objective import total_loss
from rgbtbench.training.plan import Metrics
from rgbtbench.training.trainee import Trainee


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What is known of a step.

    Attributes:
        losses: the mean of each term over all samples of all processes.
        waited: seconds until this process had its batches.
    """

    losses: Metrics
    waited: float


def take_step(fabric: Fabric, trainee: Trainee, recipe: Recipe, batches: Iterator[Batch]) -> StepFacts:
    """Take one step of the optimiser.

    Raises:
        RecipeError: the loss is not finite, and the batch's keys are named; or memory does not suffice.
    """
    means: Metrics = {}
    waited = 0.0
    for part in range(recipe.accumulate):
        began = time.perf_counter()
        batch = next(batches)
        waited += time.perf_counter() - began
        with (
            advising_on_memory(partial(_advice_on_memory, batch, recipe, step=trainee.done + 1)),
            fabric.no_backward_sync(trainee.wrapped, enabled=part < recipe.accumulate - 1),
        ):
            terms = trainee.wrapped(batch.to(fabric.device, non_blocking=True))
            loss = total_loss(terms, recipe.losses.weights)
            _require_finite(fabric, loss, terms, batch=batch, step=trainee.done + 1, rate=recipe.optimiser.lr)
            fabric.backward(loss / recipe.accumulate)
        for name, term in terms.items():
            means[name] = means.get(name, 0.0) + float(term.detach()) / recipe.accumulate
    if trainee.done == 0:
        require_effect(trainee.model)
        require_recomputation(trainee.model, recipe.activation_checkpointing)
    if recipe.clip_norm is not None:
        # Gradients that float16 could not hold are the scaler's business: it skips such a step.
        fabric.clip_gradients(trainee.wrapped, trainee.optimiser, max_norm=recipe.clip_norm, error_if_nonfinite=False)
    trainee.optimiser.step()
    trainee.optimiser.zero_grad()
    if trainee.average is not None:
        trainee.average.update(trainee.model)
    return StepFacts(mean_over_processes(fabric, means), waited)


def _require_finite(
    fabric: Fabric, loss: Tensor, terms: Mapping[str, Tensor], *, batch: Batch, step: int, rate: float
) -> None:
    (broken,) = any_process(fabric, not bool(torch.isfinite(loss.detach())))
    if broken:
        # All processes say the same, whichever of them holds the sample that is to blame.
        _require_finite_images(fabric, batch)
        means = mean_over_processes(fabric, {name: float(term.detach()) for name, term in terms.items()})
        values = ", ".join(f"{name} {mean:.4g}" for name, mean in means.items())
        names = ", ".join(name for part in gathered(fabric, _global_ids(batch)) for name in part)
        raise RecipeError(
            f"the loss is not finite at step {step} ({values}); the batch holds {names}",
            remedy=f"look at these samples, lower optimiser.lr ({rate:g}), or set clip_norm or a warm_up",
        )


def _require_finite_images(fabric: Fabric, batch: Batch) -> None:
    broken: dict[str, list[str]] = {}
    for part in gathered(fabric, _not_finite(batch)):
        for modality, names in part.items():
            broken.setdefault(modality, []).extend(names)
    if broken:
        said = "; ".join(f"{modality} of {', '.join(names)}" for modality, names in broken.items())
        raise RecipeError(
            f"{said} holds values that are no numbers",
            remedy="look for more with `rgbtbench audit`, and leave them out or replace them",
        )


def _not_finite(batch: Batch) -> dict[str, list[str]]:
    """Return modality to the samples whose images hold NaN or infinite values."""
    names, found = _global_ids(batch), {}
    for modality, images in batch.images.items():
        if images.is_floating_point():
            finite = torch.isfinite(images).flatten(1).all(dim=1).tolist()
            broken = [name for name, is_finite in zip(names, finite, strict=True) if not is_finite]
            if broken:
                found[modality] = broken
    return found


def _global_ids(batch: Batch) -> list[str]:
    return [f"{dataset}/{key}" for dataset, key in zip(batch.datasets, batch.keys, strict=True)]


def _advice_on_memory(batch: Batch, recipe: Recipe, *, step: int) -> RecipeError:
    """Return what can be done where memory does not suffice."""
    height, width = batch.pixel_mask.shape[-2:]
    ways = [
        f"halve batch_size ({recipe.batch_size}) and double accumulate ({recipe.accumulate}), which keeps what a "
        "step sees",
        *(["set precision to bf16-mixed"] if recipe.precision == "32-true" else []),
        *(["set activation_checkpointing"] if not recipe.activation_checkpointing else []),
        "set a smaller augmentations.crop",
    ]
    return RecipeError(
        f"out of memory at step {step}, with {len(batch)} samples of {width}x{height} per process",
        remedy=f"{'; '.join(ways)}; or take more devices, with --shard for the weights too",
    )
