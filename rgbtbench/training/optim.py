"""Optimisers as recipes name them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from torch import optim

from rgbtbench.cards.optimisation import AdamW, Sgd
from rgbtbench.training.parameter_groups import Group


def make_optimiser(groups: Sequence[Group], choice: Sgd | AdamW) -> optim.Optimizer:
    """Return the optimiser of some groups of parameters; learning rates are set step by step.

    Each of its `param_groups` holds its factor on the learning rate as `lr_factor`.
    """
    parts = [
        {
            "params": list(group.parameters.values()),
            "weight_decay": choice.weight_decay * group.decay_factor,
            "lr_factor": group.lr_factor,
        }
        for group in groups
    ]
    match choice:
        case Sgd():
            return optim.SGD(parts, lr=choice.lr, momentum=choice.momentum, nesterov=choice.nesterov)
        case AdamW():
            return optim.AdamW(parts, lr=choice.lr, betas=choice.betas)
        case _:
            assert_never(choice)


def set_learning_rate(optimiser: optim.Optimizer, rate: float) -> None:
    """Set the learning rate of all parameter groups: `rate` times the factor of each."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["lr_factor"]
