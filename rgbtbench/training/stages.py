"""From stage to stage: each begins with weights of the one before, or all at a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lightning_fabric import Fabric
from torch import Tensor

from rgbtbench.cards.recipe import Recipe, stage_recipes
from rgbtbench.progress import Progress
from rgbtbench.training.loop import Surroundings, fit, keep
from rgbtbench.training.plan import Plan, Span
from rgbtbench.training.preparation import prepare_stage
from rgbtbench.training.resolution import Training, stage_spans
from rgbtbench.training.selection import Selected, selected_weights
from rgbtbench.training.trainee import Trainee
from rgbtbench.zoo.model import Model


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of a training.

    Attributes:
        model: the network, adapters and all.
        selected: its weights.
        steps: of the whole training.
        seconds: wall time of the training.
    """

    model: Model
    selected: Selected
    steps: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages that are still to be gone through.

    Attributes:
        fabric: device, precision and the other processes.
        training: as resolved.
        parts: recipe and place of each.
        workers: processes that decode.
        checkpoint_seconds: at least so often a checkpoint is written, besides those after validations.
        told: of what a user should know.
    """

    fabric: Fabric
    training: Training
    parts: Sequence[tuple[Recipe, Span]]
    workers: int
    checkpoint_seconds: float
    told: Progress

    def first(self, state: Mapping[str, Any] | None) -> tuple[Trainee, Plan]:
        """Return everything as it is before the next step.

        Args:
            state: of a checkpoint to go on from, or None.

        Raises:
            RecipeError: the recipe does not fit the model.
            WeightsError: the initial weights do not fit.
        """
        trainee, plan = self._prepared(0, None if state is None else state["model"])
        if state is not None:
            trainee.restore(self.fabric, state)
            self.told.say(f"resuming after step {trainee.done}")
        return trainee, plan

    def run(self, around: Surroundings, trainee: Trainee, plan: Plan) -> Trained:
        """Train to the end.

        Args:
            around: where.
            trainee: as `first` gave it.
            plan: likewise.

        Raises:
            RecipeError: the loss is not finite, or memory does not suffice.
            InterruptedTrainingError: a stop was requested; a checkpoint holds the state.
        """
        name = self.training.recipe.name or self.training.recipe.model.method
        self.told.start(f"train {name}", plan.span.total, "steps")
        self.told.advance(trainee.done)
        selected = None
        for number in range(len(self.parts)):
            if selected is not None:
                seconds = trainee.seconds
                trainee, plan = self._prepared(number, selected.weights)
                trainee.seconds = seconds
                # The best weights of the stage before are about to give way to those of this one.
                keep(around, trainee)
            if plan.span.stages > 1:
                self.told.say(_described(self.training, trainee, plan.span))
            fit(around, trainee, plan)
            selected = selected_weights(trainee, plan.recipe, around.folder)
        self.told.finish()
        if selected is None:
            raise ValueError("a training has at least one stage")
        return Trained(trainee.model, selected, plan.span.total, trainee.seconds)

    def _prepared(self, number: int, weights: Mapping[str, Tensor] | None) -> tuple[Trainee, Plan]:
        recipe, span = self.parts[number]
        return prepare_stage(
            self.fabric,
            recipe,
            span,
            self.training,
            weights=weights,
            workers=self.workers,
            checkpoint_seconds=self.checkpoint_seconds,
            told=self.told,
        )


def remaining_parts(fabric: Fabric, training: Training, state: Mapping[str, Any] | None) -> list[tuple[Recipe, Span]]:
    """Return recipe and place of the stages from that of a checkpoint on, or of all where there is none."""
    recipes = stage_recipes(training.recipe)
    places = stage_spans(recipes, training.data, rank=fabric.global_rank, world=fabric.world_size)
    return list(zip(recipes, places, strict=True))[0 if state is None else state["stage"] :]


def _described(training: Training, trainee: Trainee, span: Span) -> str:
    parameters = list(trainee.model.parameters())
    trained = sum(parameter.numel() for parameter in parameters if parameter.requires_grad)
    return (
        f"stage {span.stage + 1} of {span.stages}, {training.recipe.stages[span.stage].name}: {span.steps} steps, "
        f"{trained:,} of {sum(parameter.numel() for parameter in parameters):,} parameters"
    )
