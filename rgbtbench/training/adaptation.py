"""Adapters as a recipe names them: put into a model, and named for freezing."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from rgbtbench.cards.adapters import Adapter, Lora
from rgbtbench.errors import RecipeError
from rgbtbench.training.patterns import matches_any, require_matches
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.parts.bottleneck import BottleneckLinear, insert_bottlenecks
from rgbtbench.zoo.parts.lora import LoraLinear


def adapt(model: Model, adapters: Sequence[Adapter]) -> None:
    """Put adapters into a model, and note in its description those that stay.

    Raises:
        RecipeError: a pattern matches no linear layer, or two adapters the same one.
    """
    layers = {name: layer for name, layer in model.named_modules() if type(layer) is nn.Linear}
    method = model.spec.method
    if adapters and not layers:
        raise RecipeError(
            f"adapters: {method} has no linear layer to adapt",
            remedy="leave adapters out; freeze chooses what is trained",
        )
    adapted: set[str] = set()
    bottlenecks: dict[str, int] = {}
    for number, adapter in enumerate(adapters):
        require_matches(
            adapter.match, list(layers), field=f"adapters[{number}].match", what=f"linear layer of {method}"
        )
        for name, layer in layers.items():
            if not matches_any(adapter.match, name):
                continue
            if name in adapted:
                raise RecipeError(f"adapters[{number}].match: {name} has an adapter already", remedy="match it once")
            adapted.add(name)
            if isinstance(adapter, Lora):
                model.set_submodule(name, LoraLinear(layer, rank=adapter.rank, alpha=adapter.alpha))
            else:
                bottlenecks[name] = adapter.width
    insert_bottlenecks(model, bottlenecks)
    if bottlenecks:
        model.spec = model.spec.model_copy(update={"bottlenecks": bottlenecks})


def adapted_parameters(model: nn.Module) -> dict[str, bool]:
    """Return the parameters of adapted layers: True for the adapter's, False for the layer's own."""
    return {
        f"{name}.{own}": own not in ("weight", "bias")
        for name, layer in model.named_modules()
        if isinstance(layer, LoraLinear | BottleneckLinear)
        for own, _ in layer.named_parameters()
    }


def require_effect(model: nn.Module) -> None:
    """Make sure, after a first backward pass, that every adapter was part of what was computed.

    Raises:
        RecipeError: the network reads the weights of an adapted layer without calling it.
    """
    named = dict(model.named_parameters())
    idle = {
        name.partition(".lora_")[0].partition(".adapter_")[0]
        for name, is_adapters in adapted_parameters(model).items()
        if is_adapters and named[name].grad is None
    }
    if idle:
        raise RecipeError(
            f"adapters: the network does not call {', '.join(sorted(idle))}, so that nothing behind it has an effect",
            remedy="match other layers",
        )
