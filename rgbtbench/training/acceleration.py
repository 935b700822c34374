"""What makes a training faster or smaller and leaves its function as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from rgbtbench.cards.optimisation import Pattern
from rgbtbench.cards.recipe import Recipe
from rgbtbench.errors import RecipeError
from rgbtbench.training.patterns import matches, matches_any, require_matches
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
        # Masks come in few sizes, and code for each is faster than code for all, which compilers have not for every
        # network. Detectors meet another number of boxes every time.
        model.compile(dynamic=None if model.spec.task == "detection" else False)


def checkpoint_activations(model: Model, patterns: Iterable[Pattern]) -> None:
    """Let modules keep none of their activations in training, and compute them again in the backward pass.

    Chen, Xu, Zhang and Guestrin, "Training Deep Nets with Sublinear Memory Cost", 2016. Random numbers are the same
    both times, and statistics of batch normalisations are taken in once. Of modules within each other the outermost
    that is called is meant; modules that are never called themselves, such as lists of modules and encoders that run
    stage by stage, stand for what is called in them. `require_recomputation` says afterwards whether anything is.

    Raises:
        RecipeError: a pattern matches no module.
    """
    wanted = tuple(patterns)
    modules = {name: module for name, module in model.named_modules() if name and _is_called(module)}
    require_matches(
        wanted, list(modules), field="activation_checkpointing", what=f"module of {model.spec.method} that is called"
    )
    around = _Around()
    for name, module in modules.items():
        if matches_any(wanted, name):
            module.forward = _Recomputation(module, around)


def require_recomputation(model: Model, patterns: Iterable[Pattern]) -> None:
    """Make sure, after a first step, that every pattern stands for something that was computed again.

    Raises:
        RecipeError: the network calls nothing that a pattern stands for, but reads its weights.
    """
    called = [
        name
        for name, module in model.named_modules()
        if isinstance(module.forward, _Recomputation) and module.forward.was_called
    ]
    idle = [pattern for pattern in patterns if not any(matches(pattern, name) for name in called)]
    if idle:
        raise RecipeError(
            f"activation_checkpointing: the network calls nothing of {', '.join(idle)}, and keeps all activations",
            remedy="name a module that it lies in",
        )


@dataclass
class _Around:
    """Whether a module that computes twice is at work, which those in it need not do as well."""

    is_recomputed: bool = False


class _Recomputation:
    """A module's `forward` that keeps no activations."""

    def __init__(self, module: nn.Module, around: _Around) -> None:
        self.module, self.around, self.forward = module, around, module.forward
        self.was_called = False

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.was_called = True
        if self.around.is_recomputed:
            return self.forward(*arguments, **named)
        if _normalisations(self.module):
            return self._compute_beside_statistics(*arguments, **named)
        return checkpoint(self._compute, *arguments, use_reentrant=False, **named)

    # Compiled code takes no contexts of ours, so that these modules run as they are in the midst of it.
    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def _compute_beside_statistics(self, *arguments: Any, **named: Any) -> Any:
        return checkpoint(
            self._compute, *arguments, use_reentrant=False, context_fn=partial(_contexts, self.module), **named
        )

    def _compute(self, *arguments: Any, **named: Any) -> Any:
        self.around.is_recomputed = True
        try:
            return self.forward(*arguments, **named)
        finally:
            self.around.is_recomputed = False


def _is_called(module: nn.Module) -> bool:
    return not isinstance(module, nn.ModuleList | nn.ModuleDict)


def _normalisations(module: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    return [part for part in module.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]


def _contexts(module: nn.Module) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    return nullcontext(), _without_statistics(module)


@contextmanager
def _without_statistics(module: nn.Module) -> Iterator[None]:
    """Let batch normalisations in training mode leave their running statistics alone inside the block."""
    normalisations = [part for part in _normalisations(module) if part.training]
    before = [(part.momentum, part.num_batches_tracked) for part in normalisations]
    for part in normalisations:
        part.momentum = 0.0
        part.num_batches_tracked = None if part.num_batches_tracked is None else part.num_batches_tracked.clone()
    try:
        yield
    finally:
        for part, (momentum, counter) in zip(normalisations, before, strict=True):
            part.momentum, part.num_batches_tracked = momentum, counter
