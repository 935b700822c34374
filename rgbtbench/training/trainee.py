"""Everything that changes during a training, and that a checkpoint therefore holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lightning_fabric import Fabric
from lightning_fabric.wrappers import _FabricModule
from torch.optim import Optimizer

from rgbtbench.loading.loader import TrainLoader
from rgbtbench.training.averaging import MovingAverage
from rgbtbench.training.checkpoint import random_state, restore_random_state
from rgbtbench.training.devices import gathered
from rgbtbench.training.plan import Metrics
from rgbtbench.training.sharding import load_whole, load_whole_optimiser, whole
from rgbtbench.zoo.model import Model


@dataclass(slots=True)
class Trainee:
    """A model in training.

    Attributes:
        model: the bare network.
        wrapped: the same under Fabric: precision and gradient synchronisation.
        optimiser: under Fabric.
        average: of the weights, or None.
        batches: the endless stream, with its position.
        stage: that it is in, from 0.
        done: steps so far, over all stages.
        seconds: wall time so far, over all resumptions.
        metrics: of the last validation.
        best: step and metrics of the weights in the checkpoint `best`, or None.
    """

    model: Model
    wrapped: _FabricModule
    optimiser: Optimizer
    average: MovingAverage | None
    batches: TrainLoader
    stage: int = 0
    done: int = 0
    seconds: float = 0.0
    metrics: Metrics = field(default_factory=dict)
    best: dict[str, Any] | None = None

    def state(self, fabric: Fabric, identity: Mapping[str, Any]) -> dict[str, Any]:
        """Return the content of a checkpoint; every process must call this."""
        return {
            "identity": dict(identity),
            "stage": self.stage,
            "done": self.done,
            "seconds": self.seconds,
            "metrics": self.metrics,
            "best": self.best,
            "model": whole(self.model.state_dict()),
            "optimiser": whole(self.optimiser.state_dict()),
            "average": None if self.average is None else whole(self.average.state_dict()),
            "scaler": fabric.strategy.precision.state_dict(),
            "batches": self.batches.state_dict(),
            "method": self.model.training_state(),
            "random": gathered(fabric, random_state()),
        }

    def restore(self, fabric: Fabric, state: Mapping[str, Any]) -> None:
        """Go back to where `state` was taken."""
        load_whole(self.model, state["model"])
        load_whole_optimiser(self.optimiser, state["optimiser"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        fabric.strategy.precision.load_state_dict(state["scaler"])
        self.batches.load_state_dict(state["batches"])
        self.model.load_training_state(state["method"])
        self.stage, self.done, self.seconds = state["stage"], state["done"], state["seconds"]
        self.metrics, self.best = state["metrics"], state["best"]
        if len(state["random"]) == fabric.world_size:
            restore_random_state(state["random"][fabric.global_rank])
