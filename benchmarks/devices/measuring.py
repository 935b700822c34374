"""Measuring one network in this process: its training step as `train` takes it, and its predictions."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any, Final, cast

import torch
from lightning_fabric import Fabric

from benchmarks.devices.entries import PRECISION, Entry, recipe_of
from benchmarks.devices.samples import NoiseData
from rgbtbench.cards.recipe import Recipe
from rgbtbench.cards.schema import WITHOUT_CLASSES
from rgbtbench.efficiency.inputs import noise_batch
from rgbtbench.efficiency.latency import measure_latency
from rgbtbench.efficiency.memory import measure_peak
from rgbtbench.efficiency.parameters import count_parameters
from rgbtbench.efficiency.timing import Setting, pass_under
from rgbtbench.errors import RecipeError
from rgbtbench.progress import Silent
from rgbtbench.training.devices import Device, make_fabric, repeatable
from rgbtbench.training.optim import set_learning_rate
from rgbtbench.training.parameter_groups import begin_training
from rgbtbench.training.plan import Span
from rgbtbench.training.preparation import prepare_stage
from rgbtbench.training.resolution import Training
from rgbtbench.training.step import take_step
from rgbtbench.zoo.detection import DetectionModel
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.pretraining import PretrainingModel
from rgbtbench.zoo.registry import build_from, resolve
from rgbtbench.zoo.spec import ModelSpec

#: Of which all cards' costs are given.
CLASSES: Final = 9
_WARM_UP: Final = 3
_RUNS: Final = 100
#: Noise teaches nothing, and a loss that is not finite would stop the step.
_RATE: Final = 1e-6
_NO_MEMORY: Final = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "can't allocate memory")


class Step:
    """A training step, again and again.

    Args:
        fabric: launched.
        recipe: of the training.
        size: height, width of the images.
        is_repeatable: take the kernels that a training takes.
    """

    def __init__(self, fabric: Fabric, recipe: Recipe, size: tuple[int, int], *, is_repeatable: bool = True) -> None:
        self.fabric, self.recipe = fabric, recipe
        self._kernels: Callable[[], Any] = (lambda: repeatable(fabric.device)) if is_repeatable else nullcontext
        spec = spec_of(recipe)
        data = cast("Any", NoiseData(spec, recipe.task, size, recipe.batch_size))
        span = Span(stage=0, stages=1, before=0, steps=1000, total=1000, epochs_before=0.0, samples=1000)
        self.trainee, _ = prepare_stage(
            fabric,
            recipe,
            span,
            Training(recipe, spec, data, data),
            weights=None,
            workers=0,
            checkpoint_seconds=0.0,
            told=Silent(),
        )
        self.batches: Iterator[Any] = iter(self.trainee.batches)
        begin_training(self.trainee.model, recipe.freeze)
        set_learning_rate(self.trainee.optimiser, _RATE)

    def __call__(self) -> None:
        with self._kernels():
            self.trainee.model.begin_step(0.0)
            take_step(self.fabric, self.trainee, self.recipe, self.batches)
        self.trainee.done += 1


def spec_of(recipe: Recipe) -> ModelSpec:
    """Return the description of a recipe's model, with as many classes as costs are given of."""
    classes = {} if recipe.task in WITHOUT_CLASSES else {number: f"class {number}" for number in range(CLASSES)}
    return resolve(recipe.model.method, recipe.model.config, task=recipe.task, classes=classes, inputs=recipe.inputs)


class Measurement:
    """Of one entry: `prepare`, which may take long and disturbs nobody, and `measure`, which wants the device alone.

    Args:
        entry: of the table.
        device: `cpu` or `cuda`.
        is_compiled: by torch.compile.
        seconds: that each figure may take.
    """

    def __init__(self, entry: Entry, device: Device, *, is_compiled: bool, seconds: float) -> None:
        self.entry, self.is_compiled, self.seconds = entry, is_compiled, seconds
        self.recipe = recipe_of(entry, compile=is_compiled)
        self.setting = Setting(
            device=device,
            precision=PRECISION,
            channels_last=self.recipe.channels_last,
            batch_size=entry.batch_size,
            seconds=seconds,
        )
        self.fabric = make_fabric(device=device, devices=1, precision=PRECISION)
        self.fabric.launch()
        self.spec = spec_of(self.recipe)
        self.step: Step | None = None
        self.calls: dict[int, Callable[[], object]] = {}
        self.errors: dict[str, str] = {}

    def prepare(self) -> None:
        """Build the networks; compile them where that is wanted."""
        model = build_from(self.spec)
        self.parameters = count_parameters(model)
        self.predicts = not isinstance(model, PretrainingModel)
        self._guarded("training", self._prepare_training)
        _free()
        self.held_by_training = torch.cuda.memory_allocated() if self.setting.device == "cuda" else 0
        if self.predicts:
            self._guarded("prediction", lambda: self._prepare_predictions(model))
        _free()

    def measure(self) -> dict[str, Any]:
        """Return all figures; an `error` stands where there are none."""
        result: dict[str, Any] = {
            "method": self.spec.method,
            "task": self.spec.task,
            "parameters": self.parameters,
            "size": self.entry.size,
            "channels_last": self.recipe.channels_last,
        }
        if self.predicts:
            result["prediction"] = self._guarded("prediction", self._predictions)
            self.calls.clear()
            _free()
        result["training"] = self._guarded("training", self._training)
        return result

    def _prepare_training(self) -> None:
        self.step = Step(self.fabric, self.recipe, self.entry.size)
        if self.is_compiled:
            _repeat(self.step)

    def _prepare_predictions(self, model: Model) -> None:
        setting = self.setting
        model.to(setting.device).eval()
        if setting.channels_last:
            model.to(memory_format=torch.channels_last)
        if self.is_compiled:
            part = "levels" if isinstance(model, DetectionModel) else "logits"
            setattr(model, part, torch.compile(getattr(model, part), dynamic=False))
        for count in (1, setting.batch_size):
            batch = noise_batch(self.spec, self.entry.size, count=count).to(setting.device)
            self.calls[count] = pass_under(model, batch, setting)
            if self.is_compiled:
                _repeat(self.calls[count])

    def _training(self) -> dict[str, Any]:
        while True:
            try:
                return self._steps()
            except (torch.OutOfMemoryError, RuntimeError, RecipeError) as error:
                if not _is_of_memory(error) or self.recipe.batch_size == 1:
                    raise
            # Outside of the handler, whose error holds on to the tensors.
            self.step = None
            _free()
            self.recipe = self.recipe.model_copy(update={"batch_size": self.recipe.batch_size // 2})
            self._prepare_training()

    def _steps(self) -> dict[str, Any]:
        step = self.step
        if step is None:
            raise RuntimeError("the training could not be prepared")
        _repeat(step)
        peak = measure_peak(step, device=self.setting.device)
        times = measure_latency(step, device=self.setting.device, seconds=self.seconds, warm_up=1, runs=_RUNS)
        return {
            "batch_size": self.recipe.batch_size,
            "pairs_per_second": 1e3 * self.recipe.batch_size / times.median,
            "step_ms": asdict(times),
            "peak_memory_bytes": peak and peak.bytes,
        }

    def _predictions(self) -> dict[str, Any]:
        device, several = self.setting.device, self.setting.batch_size
        peaks = {count: measure_peak(call, device=device) for count, call in self.calls.items()}
        single = measure_latency(self.calls[1], device=device, seconds=self.seconds)
        whole = measure_latency(self.calls[several], device=device, seconds=self.seconds)
        return {
            "latency_ms": asdict(single),
            "peak_memory_bytes": {
                str(count): peak and peak.bytes - self.held_by_training for count, peak in peaks.items()
            },
            "batch_size": several,
            "pairs_per_second": 1e3 * several / whole.median,
        }

    def _guarded(self, what: str, action: Callable[[], dict[str, Any] | None]) -> dict[str, Any]:
        """Return what an action finds, or why it does not; what could not be prepared is not measured."""
        if what not in self.errors:
            try:
                return action() or {}
            except Exception as error:
                self.errors[what] = in_words(error)
        return {"error": self.errors[what]}


def in_words(error: BaseException) -> str:
    """Return an error in at most a few lines."""
    return f"{type(error).__name__}: {error}"[:1500]


def _repeat(action: Callable[[], object]) -> None:
    for _ in range(_WARM_UP):
        action()


def _is_of_memory(error: BaseException) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in _NO_MEMORY)


def _free() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
