"""Looks at the model during training, and the weights that come of it."""

from __future__ import annotations

from dataclasses import dataclass

from lightning_fabric import Fabric
from torch import Tensor

from rgbtbench.cards.recipe import Recipe
from rgbtbench.progress import Progress
from rgbtbench.scoring.metrics import METRICS
from rgbtbench.training.checkpoint import load_checkpoint, save_checkpoint
from rgbtbench.training.plan import LOSS, Metrics, Plan
from rgbtbench.training.run_folder import RunFolder
from rgbtbench.training.sharding import whole
from rgbtbench.training.trainee import Trainee


@dataclass(frozen=True, slots=True)
class Selected:
    """Weights that a stage ends with.

    Attributes:
        weights: whole, by name.
        step: of the optimiser, over all stages, at which they were taken.
        metrics: of the last validation of them; empty without one.
    """

    weights: dict[str, Tensor]
    step: int
    metrics: Metrics


def look(fabric: Fabric, trainee: Trainee, plan: Plan, *, folder: RunFolder, progress: Progress) -> Metrics:
    """Validate, and keep the weights where they are the best so far."""
    if plan.validation is None:
        raise ValueError("no validation to look at")
    if trainee.average is None:
        trainee.metrics = plan.validation()
        selected: dict[str, Tensor] = trainee.model.state_dict()
    else:
        with trainee.average.applied_to(trainee.model):
            trainee.metrics = plan.validation()
        selected = trainee.average.state
    shown = ", ".join(f"{name} {trainee.metrics[name]:.4g}" for name in dict.fromkeys(("loss", plan.headline)))
    progress.say(f"step {trainee.done} of {plan.span.total}: validation {shown}")
    if plan.recipe.selection != "last" and _is_better(trainee, plan.headline):
        trainee.best = {"step": trainee.done, "metrics": dict(trainee.metrics)}
        content = {**trainee.best, "model": whole(selected)}
        if fabric.is_global_zero:
            save_checkpoint(folder.best, content)
    return trainee.metrics


def _is_better(trainee: Trainee, headline: str) -> bool:
    if trainee.best is None:
        return True
    return improves(headline, trainee.metrics[headline], than=float(trainee.best["metrics"][headline]))


def improves(metric: str, value: float, *, than: float) -> bool:
    """Tell whether one value of a metric is better than another: of the loss and of errors the lower one is."""
    falls = metric == LOSS or METRICS[metric].better == "lower"
    return value < than if falls else value > than


def selected_weights(trainee: Trainee, recipe: Recipe, folder: RunFolder) -> Selected:
    """Return the weights that the recipe of a stage selects; every process must call this."""
    if recipe.selection != "last" and trainee.best is not None:
        best = load_checkpoint(folder.best)["model"]
        return Selected(best, int(trainee.best["step"]), dict(trainee.best["metrics"]))
    last = trainee.model.state_dict() if trainee.average is None else trainee.average.state
    return Selected(whole(last), trainee.done, trainee.metrics)
