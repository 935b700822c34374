"""`train`: from a recipe and prepared data to a run folder with weights."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric

from rgbtbench.atomic_file import atomic_file
from rgbtbench.cards.recipe import Recipe, recipe_yaml, seed_group, stage_recipes
from rgbtbench.errors import RecipeError
from rgbtbench.loading.sampler import require_shared_batch
from rgbtbench.progress import Progress, Silent
from rgbtbench.training.checkpoint import load_checkpoint
from rgbtbench.training.devices import Device, make_fabric, process_count, repeatable
from rgbtbench.training.environment import comparable, describe_environment
from rgbtbench.training.interruption import stop_requests
from rgbtbench.training.loop import Surroundings
from rgbtbench.training.metrics_log import MetricsLog, TensorBoard
from rgbtbench.training.outline import outline
from rgbtbench.training.resolution import Training, resolve_training
from rgbtbench.training.run_folder import RunFolder
from rgbtbench.training.stages import Stages, Trained, remaining_parts
from rgbtbench.zoo.encoder_weights import data_seen_by, initial_weights_in_words
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.parts.lora import folded
from rgbtbench.zoo.registry import build_from
from rgbtbench.zoo.weights import save_weights
from rgbtbench.zoo.weights_info import TrainingFacts, WeightsInfo, read_info


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a training.

    Attributes:
        folder: the run folder.
        weights: the safetensors file in it.
        info: its description.
        metrics: of the selected weights on the validation split; empty without one.
        resumed_from: step of the checkpoint that was gone on from, or None.
        reused: True where the run was finished before and nothing was done.
    """

    folder: Path
    weights: Path
    info: WeightsInfo
    metrics: dict[str, float | None]
    resumed_from: int | None = None
    reused: bool = False


def train(
    recipe: Recipe,
    data: Path | Sequence[Path],
    out: Path,
    *,
    resume: bool = False,
    device: Device = "auto",
    devices: int = 1,
    workers: int = 0,
    cached: bool = False,
    sharded: bool = False,
    checkpoint_seconds: float = 300.0,
    progress: Progress | None = None,
) -> RunResult:
    """Train a model as a recipe says.

    With the same recipe, data, machine type, library versions and number of threads and processes, the weights are
    the same to the last bit, however often the training was interrupted and whatever the number of workers.

    Args:
        recipe: what to do; see `rgbtbench.cards.recipe.load_recipe`.
        data: folder that `rgbtbench prepare` wrote, or one for each dataset that the recipe mixes, in any order.
        out: the run folder; new or empty unless `resume`.
        resume: go on with the run in `out`; a finished one is returned as it is.
        device: `auto` takes a GPU where there is one.
        devices: how many on this machine; under torchrun it says how many.
        workers: processes that decode; 0 decodes in this one.
        cached: keep decoded images in memory.
        sharded: share weights, gradients and the optimiser's state out among the devices, each of which holds all of
            them otherwise.
        checkpoint_seconds: at least so often a checkpoint is written, besides those after validations.
        progress: told about every step.

    Raises:
        RecipeError: the recipe does not fit the method or the data, the folder holds something else, or the loss is
            not finite.
        ShardError: the data is damaged or lacks a split.
        WeightsError: the initial weights or the checkpoint cannot be used.
        InterruptedTrainingError: SIGTERM or Ctrl-C came; a checkpoint is left to resume from.
    """
    fabric = make_fabric(device=device, devices=devices, precision=recipe.precision, sharded=sharded)
    for part in stage_recipes(recipe):
        # Before any other process is started, each of which would have to find out.
        require_shared_batch(part.batch_size, world=process_count(devices))
    fabric.launch()
    told = progress if progress is not None and fabric.is_global_zero else Silent()
    folder = RunFolder(Path(out))
    training = resolve_training(recipe, data)
    identity = {**training.identity, "initial_weights": _start_in_words(recipe)}
    if training.recipe.stages:
        # What the last stage asks for in vain should not show after the first one.
        outline(training)
    if fabric.is_global_zero:
        folder.claim(resume=resume)
    fabric.barrier()
    if folder.is_finished:
        return _finished(folder, identity, told)
    told.say(f"init: {identity['initial_weights']}")
    for remark in training.data.remarks(training.recipe):
        told.say(remark)
    state = _state(fabric, folder, identity, told) if folder.is_begun else None
    training = training.cached() if cached else training
    stages = Stages(fabric, training, remaining_parts(fabric, training, state), workers, checkpoint_seconds, told)
    with repeatable(fabric.device), stop_requests() as stop:
        trainee, plan = stages.first(state)
        if fabric.is_global_zero:
            _write_facts(fabric, folder, training.recipe)
        with _open_log(fabric, folder, trainee.done, told) as log:
            trained = stages.run(Surroundings(fabric, folder, identity, log, stop, told), trainee, plan)
        if fabric.is_global_zero:
            save_weights(_finished_model(trained), folder.weights, training=_facts(training, identity, trained))
        fabric.barrier()
    return _result(folder, resumed_from=None if state is None else int(state["done"]))


def _require_same(stored: Mapping[str, str], identity: Mapping[str, str], folder: RunFolder) -> None:
    words = {
        "recipe_sha256": "recipe",
        "data_hash": "images",
        "labels_hash": "labels",
        "initial_weights": "initial weights",
    }
    changed = [words[name] for name, value in identity.items() if stored.get(name) != value]
    if changed:
        raise RecipeError(
            f"the run was begun with another {' and other '.join(changed)}",
            path=folder.root,
            expected=f"the recipe in {folder.recipe.name} and the data in {folder.environment.name}",
            remedy="resume with those, or choose another folder",
        )


def _state(fabric: Fabric, folder: RunFolder, identity: Mapping[str, str], told: Progress) -> dict[str, Any]:
    """Return the last checkpoint, if it is of this run, and say what has changed since."""
    state = load_checkpoint(folder.last)
    _require_same(state["identity"], identity, folder)
    now = comparable(describe_environment(fabric.device, processes=fabric.world_size))
    then = comparable(json.loads(folder.environment.read_text(encoding="utf-8")))
    for name, value in now.items():
        if then[name] != value:
            told.say(f"resuming with {name} {value} instead of {then[name]}: the result will differ in its last bits")
    return state


def _finished(folder: RunFolder, identity: Mapping[str, str], told: Progress) -> RunResult:
    result = _result(folder, reused=True)
    if result.info.training is not None:
        _require_same(result.info.training.model_dump(), identity, folder)
    told.say(f"{folder.root} holds this run already, finished; nothing to do")
    return result


def _result(folder: RunFolder, *, resumed_from: int | None = None, reused: bool = False) -> RunResult:
    info = read_info(folder.weights)
    metrics = {} if info.training is None else info.training.metrics
    return RunResult(folder.root, folder.weights, info, metrics, resumed_from=resumed_from, reused=reused)


def _write_facts(fabric: Fabric, folder: RunFolder, recipe: Recipe) -> None:
    environment = describe_environment(fabric.device, processes=fabric.world_size)
    with atomic_file(folder.environment) as file:
        file.write((json.dumps(environment, indent=1) + "\n").encode())
    with atomic_file(folder.recipe) as file:
        file.write(recipe_yaml(recipe).encode())


def _open_log(
    fabric: Fabric, folder: RunFolder, step: int, told: Progress
) -> AbstractContextManager[MetricsLog | None]:
    if not fabric.is_global_zero:
        return nullcontext()
    return MetricsLog(folder.metrics, step=step, mirror=TensorBoard(folder.curves, step=step, progress=told))


def _finished_model(trained: Trained) -> Model:
    """Return the network with its weights, low-rank adapters added to the layers that carry them."""
    with torch.device("meta"):
        model = build_from(trained.model.spec)
    model.load_state_dict(folded(trained.model, trained.selected.weights), assign=True)
    return model


def _start_in_words(recipe: Recipe) -> str:
    return "random" if recipe.initial_weights is None else initial_weights_in_words(Path(recipe.initial_weights))


def _facts(training: Training, identity: Mapping[str, str], trained: Trained) -> TrainingFacts:
    recipe = training.recipe
    return TrainingFacts(
        recipe=recipe.name,
        recipe_sha256=identity["recipe_sha256"],
        selection=recipe.selection,
        initial_weights=identity["initial_weights"],
        pretraining=() if recipe.initial_weights is None else data_seen_by(Path(recipe.initial_weights)),
        seed=recipe.seed,
        seed_group=seed_group(recipe),
        wall_seconds=round(trained.seconds, 3),
        **training.opened.facts(),
        condition=recipe.condition,
        step=trained.selected.step,
        steps=trained.steps,
        averaged=recipe.averaging is not None,
        metrics={name: value if math.isfinite(value) else None for name, value in trained.selected.metrics.items()},
    )
