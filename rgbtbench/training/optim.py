"""Optimisers as recipes name them."""

from __future__ import annotations

from typing import assert_never

from torch import nn, optim

from rgbtbench.cards.recipe import AdamW, Sgd


def make_optimiser(model: nn.Module, choice: Sgd | AdamW) -> optim.Optimizer:
    """Return the optimiser of all parameters that are to be trained; its learning rate is set step by step."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    match choice:
        case Sgd():
            return optim.SGD(
                parameters,
                lr=choice.lr,
                momentum=choice.momentum,
                nesterov=choice.nesterov,
                weight_decay=choice.weight_decay,
            )
        case AdamW():
            return optim.AdamW(parameters, lr=choice.lr, betas=choice.betas, weight_decay=choice.weight_decay)
        case _:
            assert_never(choice)


def set_learning_rate(optimiser: optim.Optimizer, rate: float) -> None:
    """Set the learning rate of all parameter groups."""
    for group in optimiser.param_groups:
        group["lr"] = rate
