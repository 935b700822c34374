"""Training steps of several networks in turn, so that whatever else happens happens to all of them."""

from __future__ import annotations

from typing import Any, Final

import torch

from benchmarks.devices.entries import PRECISION, Comparison, recipe_of
from benchmarks.devices.measuring import Step
from benchmarks.ratio import in_turn, of_pairs
from rgbtbench.training.devices import Device, make_fabric

_ROUNDS: Final = 20


class Comparing:
    """Of one comparison: `prepare` and `measure`, as of an entry."""

    def __init__(self, comparison: Comparison, device: Device, *, seconds: float) -> None:
        self.comparison, self.device, self.seconds = comparison, device, seconds

    def prepare(self) -> None:
        """Build the networks."""
        fabric = make_fabric(device=self.device, devices=1, precision=PRECISION)
        fabric.launch()
        self.steps = {
            name: Step(
                fabric,
                recipe_of(self.comparison, variant.changes),
                self.comparison.size,
                is_repeatable=variant.repeatable,
            )
            for name, variant in self.comparison.variants.items()
        }

    def measure(self) -> dict[str, Any]:
        """Return the median of each, and by which factor it takes longer than the reference in the same round."""
        for step in self.steps.values():
            step()
        actions = {name: lambda step=step: self._finished(step) for name, step in self.steps.items()}
        rounds = _ROUNDS if self.device == "cuda" else 2
        seconds = in_turn(actions, before=lambda: None, repeats=rounds)
        sides = {}
        for name, times in seconds.items():
            pairs = list(zip(seconds[self.comparison.reference], times, strict=True))
            ratio = of_pairs(name, pairs, reference_name=self.comparison.reference, unit="s")
            sides[name] = {
                "step_ms": 1e3 * ratio.reference,
                "times_the_reference": ratio.ratio,
                "quartiles": [ratio.low, ratio.high],
            }
        return {
            "batch_size": self.comparison.batch_size,
            "size": self.comparison.size,
            "reference": self.comparison.reference,
            "rounds": rounds,
            "variants": sides,
        }

    def _finished(self, step: Step) -> None:
        step()
        if self.device == "cuda":
            torch.cuda.synchronize()
