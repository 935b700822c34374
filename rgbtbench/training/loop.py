"""The training loop: forward, backward, step; now and then a validation and a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.wrappers import _FabricModule
from torch import Tensor
from torch.optim import Optimizer

from rgbtbench.cards.recipe import Recipe
from rgbtbench.errors import RecipeError
from rgbtbench.loading.batch import Batch
from rgbtbench.loading.loader import TrainLoader
from rgbtbench.progress import Progress
from rgbtbench.training.averaging import MovingAverage
from rgbtbench.training.checkpoint import load_checkpoint, random_state, restore_random_state, save_checkpoint
from rgbtbench.training.devices import any_process, gathered
from rgbtbench.training.interruption import InterruptedTrainingError, StopRequest
from rgbtbench.training.metrics_log import MetricsLog
from rgbtbench.training.objective import total_loss
from rgbtbench.training.optim import set_learning_rate
from rgbtbench.training.parameter_groups import begin_training
from rgbtbench.training.run_folder import RunFolder
from rgbtbench.training.schedule import learning_rate
from rgbtbench.zoo.model import Model

Metrics = dict[str, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """What does not change during a training.

    Attributes:
        recipe: as resolved.
        steps: of the optimiser.
        samples: in the training split.
        validate_every: steps between validations; None validates at the end alone.
        headline: the metric by which `selection: val` chooses; higher is better.
        validation: looks at the model as it is; None where there is no validation split.
        checkpoint_seconds: at least so often a checkpoint is written, besides those after validations.
    """

    recipe: Recipe
    steps: int
    samples: int
    validate_every: int | None
    headline: str
    validation: Callable[[], Metrics] | None
    checkpoint_seconds: float = 300.0

    def validates_after(self, done: int) -> bool:
        """Say whether the model is looked at after `done` steps."""
        if self.validation is None:
            return False
        return done == self.steps or (self.validate_every is not None and done % self.validate_every == 0)


@dataclass(slots=True)
class Trainee:
    """Everything that changes during a training, and that a checkpoint therefore holds.

    Attributes:
        model: the bare network.
        wrapped: the same under Fabric: precision and gradient synchronisation.
        optimiser: under Fabric.
        average: of the weights, or None.
        batches: the endless stream, with its position.
        done: steps so far.
        seconds: wall time so far, over all resumptions.
        metrics: of the last validation.
        best: step and metrics of the weights in the checkpoint `best`, or None.
    """

    model: Model
    wrapped: _FabricModule
    optimiser: Optimizer
    average: MovingAverage | None
    batches: TrainLoader
    done: int = 0
    seconds: float = 0.0
    metrics: Metrics = field(default_factory=dict)
    best: dict[str, Any] | None = None

    def state(self, fabric: Fabric, identity: Mapping[str, Any]) -> dict[str, Any]:
        """Return the content of a checkpoint; every process must call this."""
        return {
            "identity": dict(identity),
            "done": self.done,
            "seconds": self.seconds,
            "metrics": self.metrics,
            "best": self.best,
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "scaler": fabric.strategy.precision.state_dict(),
            "batches": self.batches.state_dict(),
            "random": gathered(fabric, random_state()),
        }

    def restore(self, fabric: Fabric, state: Mapping[str, Any]) -> None:
        """Go back to where `state` was taken."""
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        fabric.strategy.precision.load_state_dict(state["scaler"])
        self.batches.load_state_dict(state["batches"])
        self.done, self.seconds = state["done"], state["seconds"]
        self.metrics, self.best = state["metrics"], state["best"]
        if len(state["random"]) == fabric.world_size:
            restore_random_state(state["random"][fabric.global_rank])


def fit(
    fabric: Fabric,
    trainee: Trainee,
    plan: Plan,
    *,
    folder: RunFolder,
    identity: Mapping[str, Any],
    log: MetricsLog | None,
    stop: StopRequest,
    progress: Progress,
) -> None:
    """Train until `plan.steps` are done, and leave a checkpoint whenever something could be lost.

    Args:
        fabric: device, precision and the other processes.
        trainee: at the start or at a checkpoint; is changed.
        plan: what to do.
        folder: where checkpoints go.
        identity: recipe, data and versions; stored in checkpoints.
        log: told about every step; None on all processes but the first.
        stop: looked at after every step.
        progress: told about every step.

    Raises:
        RecipeError: the loss is not finite; the batch's keys are named.
        InterruptedTrainingError: `stop` was requested; a checkpoint holds the state.
    """
    begin_training(trainee.model, plan.recipe.freeze)
    batches = iter(trainee.batches)
    began = saved = time.monotonic()
    earlier = trainee.seconds
    while trainee.done < plan.steps:
        rate = learning_rate(plan.recipe, trainee.done, steps=plan.steps, samples=plan.samples)
        set_learning_rate(trainee.optimiser, rate)
        losses = _step(fabric, trainee, plan.recipe, batches)
        trainee.done += 1
        trainee.seconds = earlier + time.monotonic() - began
        values = {"epoch": trainee.batches.epoch, "lr": rate, "losses": losses, "seconds": trainee.seconds}
        if plan.validates_after(trainee.done):
            values["validation"] = _look(fabric, trainee, plan, folder=folder, progress=progress)
        if log is not None:
            log.write(trainee.done, values)
        progress.advance()

        due = time.monotonic() - saved >= plan.checkpoint_seconds or "validation" in values
        stopped, due = any_process(fabric, stop.signal_name is not None, due or trainee.done == plan.steps)
        if stopped or due:
            state = trainee.state(fabric, identity)
            if fabric.is_global_zero:
                save_checkpoint(folder.last, state)
            saved = time.monotonic()
        if stopped and trainee.done < plan.steps:
            raise InterruptedTrainingError(
                f"stopped by {stop.signal_name or 'another process'} after step {trainee.done} of {plan.steps}",
                path=folder.root,
                remedy="resume the run to go on from there",
            )


def _step(fabric: Fabric, trainee: Trainee, recipe: Recipe, batches: Iterator[Batch]) -> Metrics:
    """Take one step of the optimiser and return the mean of each term of the loss."""
    means: Metrics = {}
    for part in range(recipe.accumulate):
        batch = next(batches)
        with fabric.no_backward_sync(trainee.wrapped, enabled=part < recipe.accumulate - 1):
            terms = trainee.wrapped(batch.to(fabric.device, non_blocking=True))
            loss = total_loss(terms, recipe.losses.weights)
            _require_finite(fabric, loss, terms, batch=batch, step=trainee.done + 1, rate=recipe.optimiser.lr)
            fabric.backward(loss / recipe.accumulate)
        for name, term in terms.items():
            means[name] = means.get(name, 0.0) + float(term.detach()) / recipe.accumulate
    if recipe.clip_norm is not None:
        # Gradients that float16 could not hold are the scaler's business: it skips such a step.
        fabric.clip_gradients(trainee.wrapped, trainee.optimiser, max_norm=recipe.clip_norm, error_if_nonfinite=False)
    trainee.optimiser.step()
    trainee.optimiser.zero_grad()
    if trainee.average is not None:
        trainee.average.update(trainee.model)
    return means


def _require_finite(
    fabric: Fabric, loss: Tensor, terms: Mapping[str, Tensor], *, batch: Batch, step: int, rate: float
) -> None:
    (broken,) = any_process(fabric, not bool(torch.isfinite(loss.detach())))
    if broken:
        values = ", ".join(f"{name} {float(term.detach()):.4g}" for name, term in terms.items())
        raise RecipeError(
            f"the loss is not finite at step {step} ({values}); the batch holds {', '.join(_global_ids(batch))}",
            remedy=f"look at these samples, lower optimiser.lr ({rate:g}), or set clip_norm or a warm_up",
        )


def _global_ids(batch: Batch) -> list[str]:
    several = len(set(batch.datasets)) > 1
    return [f"{dataset}/{key}" if several else key for dataset, key in zip(batch.datasets, batch.keys, strict=True)]


def _look(fabric: Fabric, trainee: Trainee, plan: Plan, *, folder: RunFolder, progress: Progress) -> Metrics:
    """Validate, and keep the weights where they are the best so far."""
    if plan.validation is None:
        raise ValueError("no validation to look at")
    if trainee.average is None:
        trainee.metrics = plan.validation()
        selected = trainee.model.state_dict()
    else:
        with trainee.average.applied_to(trainee.model):
            trainee.metrics = plan.validation()
        selected = trainee.average.state
    shown = ", ".join(f"{name} {trainee.metrics[name]:.4g}" for name in ("loss", plan.headline))
    progress.say(f"step {trainee.done} of {plan.steps}: validation {shown}")
    if plan.recipe.selection != "last" and _is_better(trainee, plan.headline):
        trainee.best = {"step": trainee.done, "metrics": dict(trainee.metrics)}
        if fabric.is_global_zero:
            save_checkpoint(folder.best, {**trainee.best, "model": selected})
    return trainee.metrics


def _is_better(trainee: Trainee, headline: str) -> bool:
    found = trainee.metrics[headline]
    return trainee.best is None or found > float(trainee.best["metrics"][headline])


def selected_weights(trainee: Trainee, recipe: Recipe, folder: RunFolder) -> tuple[int, Metrics]:
    """Load the weights that the recipe selects into the trained model; return their step and metrics."""
    if recipe.selection != "last" and trainee.best is not None:
        trainee.model.load_state_dict(load_checkpoint(folder.best)["model"])
        return int(trainee.best["step"]), dict(trainee.best["metrics"])
    if trainee.average is not None:
        trainee.model.load_state_dict(trainee.average.state)
    return trainee.done, trainee.metrics
