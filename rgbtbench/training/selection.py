"""Looks at the model during training, and the weights that come of it."""

from __future__ import annotations

from lightning_fabric import Fabric

from rgbtbench.cards.recipe import Recipe
from rgbtbench.progress import Progress
from rgbtbench.training.checkpoint import load_checkpoint, save_checkpoint
from rgbtbench.training.plan import LOSS, Metrics, Plan
from rgbtbench.training.run_folder import RunFolder
from rgbtbench.training.trainee import Trainee


def look(fabric: Fabric, trainee: Trainee, plan: Plan, *, folder: RunFolder, progress: Progress) -> Metrics:
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
    shown = ", ".join(f"{name} {trainee.metrics[name]:.4g}" for name in dict.fromkeys(("loss", plan.headline)))
    progress.say(f"step {trainee.done} of {plan.span.total}: validation {shown}")
    if plan.recipe.selection != "last" and _is_better(trainee, plan.headline):
        trainee.best = {"step": trainee.done, "metrics": dict(trainee.metrics)}
        if fabric.is_global_zero:
            save_checkpoint(folder.best, {**trainee.best, "model": selected})
    return trainee.metrics


def _is_better(trainee: Trainee, headline: str) -> bool:
    if trainee.best is None:
        return True
    found, best = trainee.metrics[headline], float(trainee.best["metrics"][headline])
    return found < best if headline == LOSS else found > best


def selected_weights(trainee: Trainee, recipe: Recipe, folder: RunFolder) -> tuple[int, Metrics]:
    """Load the weights that the recipe of a stage selects into the trained model; return their step and metrics."""
    if recipe.selection != "last" and trainee.best is not None:
        trainee.model.load_state_dict(load_checkpoint(folder.best)["model"])
        return int(trainee.best["step"]), dict(trainee.best["metrics"])
    if trainee.average is not None:
        trainee.model.load_state_dict(trainee.average.state)
    return trainee.done, trainee.metrics
