"""Recipes and listeners for the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rgbtbench.cards.recipe import Recipe, recipe_from
from rgbtbench.progress import Silent


def recipe(**changes: Any) -> Recipe:
    """Return a short training of MFNet on the blobs: everything that has a state is switched on."""
    return recipe_from(
        {
            "model": {"method": "mfnet"},
            "task": "semantic",
            "optimiser": {"name": "adamw", "lr": 0.003},
            "schedule": {"name": "cosine"},
            "warm_up": {"steps": 2},
            "steps": 6,
            "batch_size": 4,
            "clip_norm": 5.0,
            "averaging": {"decay": 0.9},
            "augmentations": {
                "scale": [0.9, 1.2],
                "horizontal_flip": 0.5,
                "crop": [32, 48],
                "photometric": {"rgb": {"gain": 0.2, "noise": 0.02}},
            },
            "validation": {"every_steps": 2},
            "seed": 3,
        }
        | changes
    )


class AtStep(Silent):
    """A progress that does something once, when a step is done; remembers what it is told."""

    def __init__(self, step: int = -1, action: Callable[[], object] = lambda: None) -> None:
        self.step, self.action = step, action
        self.done = 0
        self.said: list[str] = []

    def advance(self, count: int = 1) -> None:
        self.done += count
        if self.done == self.step:
            self.action()

    def say(self, message: str) -> None:
        self.said.append(message)
