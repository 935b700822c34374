"""The training loop: step by step, now and then a validation and a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lightning_fabric import Fabric

from rgbtbench.progress import Progress
from rgbtbench.snapshots import write_snapshot
from rgbtbench.training.checkpoint import save_checkpoint
from rgbtbench.training.devices import any_process
from rgbtbench.training.interruption import InterruptedTrainingError, StopRequest
from rgbtbench.training.metrics_log import MetricsLog
from rgbtbench.training.optim import set_learning_rate
from rgbtbench.training.pace import Pace
from rgbtbench.training.parameter_groups import begin_training
from rgbtbench.training.plan import Plan
from rgbtbench.training.run_folder import RunFolder
from rgbtbench.training.schedule import learning_rate
from rgbtbench.training.selection import look
from rgbtbench.training.sharding import whole_weights
from rgbtbench.training.step import take_step
from rgbtbench.training.trainee import Trainee


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a training happens.

    Attributes:
        fabric: device, precision and the other processes.
        folder: where checkpoints go.
        identity: recipe, data and versions; stored in checkpoints.
        log: told about every step; None on all processes but the first.
        stop: looked at after every step.
        progress: told about every step.
    """

    fabric: Fabric
    folder: RunFolder
    identity: Mapping[str, Any]
    log: MetricsLog | None
    stop: StopRequest
    progress: Progress


def fit(around: Surroundings, trainee: Trainee, plan: Plan) -> None:
    """Train until the stage is done, and leave a checkpoint whenever something could be lost.

    Args:
        around: where.
        trainee: at the start or at a checkpoint; is changed.
        plan: what to do.

    Raises:
        RecipeError: the loss is not finite, and the batch's keys are named; or memory does not suffice.
        InterruptedTrainingError: a stop was requested; a checkpoint holds the state.
    """
    fabric, span, stop = around.fabric, plan.span, around.stop
    begin_training(trainee.model, plan.recipe.freeze)
    batches = iter(trainee.batches)
    pace = Pace(around.progress)
    began = saved = time.monotonic()
    earlier = trainee.seconds
    if trainee.done == 0:
        _show(around, trainee, plan)
    while trainee.done < span.end:
        pace.begin()
        rate = learning_rate(plan.recipe, trainee.done - span.before, steps=span.steps, samples=span.samples)
        set_learning_rate(trainee.optimiser, rate)
        trainee.model.begin_step((trainee.done - span.before) / span.steps)
        facts = take_step(fabric, trainee, plan.recipe, batches)
        pace.end(waited=facts.waited)
        trainee.done += 1
        trainee.seconds = earlier + time.monotonic() - began
        values: dict[str, Any] = {
            "epoch": span.epochs_before + trainee.batches.epoch,
            "lr": rate,
            "losses": facts.losses,
            "seconds": trainee.seconds,
            "waited": facts.waited,
        }
        if span.stages > 1:
            values["stage"] = span.stage
        if plan.looks_after(trainee.done):
            if plan.validation is not None:
                values["validation"] = look(fabric, trainee, plan, folder=around.folder, progress=around.progress)
            _show(around, trainee, plan)
        if around.log is not None:
            around.log.write(trainee.done, values)
        around.progress.advance()

        due = time.monotonic() - saved >= plan.checkpoint_seconds or "validation" in values
        stopped, due = any_process(fabric, stop.signal_name is not None, due or trainee.done == span.end)
        if stopped or due:
            keep(around, trainee)
            saved = time.monotonic()
        if stopped and trainee.done < span.total:
            raise InterruptedTrainingError(
                f"stopped by {stop.signal_name or 'another process'} after step {trainee.done} of {span.total}",
                path=around.folder.root,
                remedy="resume the run to go on from there",
            )
    pace.finish()


def _show(around: Surroundings, trainee: Trainee, plan: Plan) -> None:
    if plan.snapshot is None:
        return
    with whole_weights(trainee.model):
        content = plan.snapshot(trainee.done)
    if around.fabric.is_global_zero:
        write_snapshot(content, around.folder.snapshots / f"{trainee.done:08d}.npz")


def keep(around: Surroundings, trainee: Trainee) -> None:
    """Write a checkpoint to go on from; every process must call this."""
    state = trainee.state(around.fabric, around.identity)
    if around.fabric.is_global_zero:
        save_checkpoint(around.folder.last, state)
