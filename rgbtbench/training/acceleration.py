"""What makes a training faster or smaller and leaves its function as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from rgbtbench.cards.optimisation import Pattern
from rgbtbench.cards.recipe import Recipe
from rgbtbench.training.patterns import matches_any, require_matches
from rgbtbench.zoo.model import Model


def accelerate(model: Model, recipe: Recipe) -> None:
    """Let a model compute as the recipe says: order of its weights in memory, what is computed again, compiled code.

    Raises:
        RecipeError: a pattern matches no module.
    """
    if recipe.channels_last:
        model.to(memory_format=torch.channels_last)
    checkpoint_activations(model, recipe.activation_checkpointing)
    if recipe.compile:
        model.compile()


def checkpoint_activations(model: Model, patterns: Iterable[Pattern]) -> None:
    """Let modules keep none of their activations in training, and compute them again in the backward pass.

    Chen, Xu, Zhang and Guestrin, "Training Deep Nets with Sublinear Memory Cost", 2016. Random numbers are the same
    both times, and statistics of batch normalisations are taken in once. Of modules within each other the outermost
    is meant; lists of modules stand for their members.

    Raises:
        RecipeError: a pattern matches no module.
    """
    wanted = tuple(patterns)
    modules = {name: module for name, module in model.named_modules() if name and _is_called(module)}
    require_matches(
        wanted, list(modules), field="activation_checkpointing", what=f"module of {model.spec.method} that is called"
    )
    chosen: list[str] = []
    for name in modules:
        if matches_any(wanted, name) and not any(name.startswith(f"{outer}.") for outer in chosen):
            chosen.append(name)
    for name in chosen:
        module = modules[name]
        module.forward = partial(checkpoint, module.forward, use_reentrant=False, context_fn=partial(_contexts, module))


def _is_called(module: nn.Module) -> bool:
    return not isinstance(module, nn.ModuleList | nn.ModuleDict)


def _contexts(module: nn.Module) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    return nullcontext(), _without_statistics(module)


@contextmanager
def _without_statistics(module: nn.Module) -> Iterator[None]:
    """Let batch normalisations in training mode leave their running statistics alone inside the block."""
    normalisations = [
        part for part in module.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.training
    ]
    before = [(part.momentum, part.num_batches_tracked) for part in normalisations]
    for part in normalisations:
        part.momentum = 0.0
        part.num_batches_tracked = None if part.num_batches_tracked is None else part.num_batches_tracked.clone()
    try:
        yield
    finally:
        for part, (momentum, counter) in zip(normalisations, before, strict=True):
            part.momentum, part.num_batches_tracked = momentum, counter
