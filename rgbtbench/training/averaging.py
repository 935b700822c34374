"""Exponential moving average of weights (Polyak and Juditsky, 1992; with a decay that grows at first)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn

from rgbtbench.training.sharding import part_of


class MovingAverage:
    """The average of a model's floating-point weights and buffers; counters are copied.

    After `n` updates the decay is at most `(1 + n) / (10 + n)`, so that a short training is not dominated by its
    random start.

    Args:
        model: whose state the average begins with.
        decay: share that the average keeps at each update.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.state = {key: tensor.detach().clone() for key, tensor in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take in the model's present state."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        for key, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                self.state[key].lerp_(tensor, 1 - decay)
            else:
                self.state[key].copy_(tensor)

    @contextmanager
    def applied_to(self, model: nn.Module) -> Iterator[None]:
        """Let the model hold the averaged state inside the block."""
        own = {key: tensor.detach().clone() for key, tensor in model.state_dict().items()}
        model.load_state_dict(self.state)
        try:
            yield
        finally:
            model.load_state_dict(own)

    def state_dict(self) -> dict[str, object]:
        """Return everything that a checkpoint keeps."""
        return {"updates": self.updates, "state": self.state}

    def load_state_dict(self, stored: Mapping[str, object]) -> None:
        """Restore what `state_dict` returned."""
        updates, state = stored["updates"], stored["state"]
        if not isinstance(updates, int) or not isinstance(state, dict):
            raise TypeError("no state of a moving average")
        self.updates = updates
        for key, tensor in state.items():
            self.state[key].copy_(part_of(tensor, self.state[key]))
