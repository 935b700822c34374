"""Which parameters of a model are trained, and which of them move alike."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from torch import nn

from rgbtbench.cards.optimisation import AdamW, Freezing, Sgd, Undecayed
from rgbtbench.errors import RecipeError
from rgbtbench.training.adaptation import adapted_parameters
from rgbtbench.training.patterns import matches_any, require_matches
from rgbtbench.zoo.model import Model

Parameters = dict[str, nn.Parameter]


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters with the same factors.

    Attributes:
        parameters: by name, in the model's order.
        lr_factor: on the learning rate.
        decay_factor: on the weight decay.
    """

    parameters: Parameters
    lr_factor: float
    decay_factor: float


def freeze(model: Model, freezing: Freezing) -> None:
    """Let the model's parameters require gradients as a recipe says, and all others none.

    Adapters are trained and the layers that carry them stay as they are, whatever else is frozen.

    Raises:
        RecipeError: a pattern matches no parameter or no batch normalisation, or nothing is left to be trained.
    """
    named = dict(model.named_parameters())
    for field, patterns in (("parameters", freezing.parameters), ("but", freezing.but)):
        require_matches(patterns, list(named), field=f"freeze.{field}", what=f"parameter of {model.spec.method}")
    for name, parameter in named.items():
        parameter.requires_grad_(not matches_any(freezing.parameters, name) or matches_any(freezing.but, name))
    for name, is_trained in adapted_parameters(model).items():
        named[name].requires_grad_(is_trained)
    if not any(parameter.requires_grad for parameter in named.values()):
        raise RecipeError(
            f"freeze leaves no parameter of {model.spec.method} to be trained", remedy="name some in freeze.but"
        )
    names = list(_batch_normalisations(model))
    require_matches(
        freezing.statistics, names, field="freeze.statistics", what=f"batch normalisation of {model.spec.method}"
    )


def begin_training(model: Model, freezing: Freezing) -> None:
    """Bring the model into training mode, but for the batch normalisations whose statistics stay as they are."""
    model.train()
    for name, module in _batch_normalisations(model).items():
        parameters = list(module.parameters())
        frozen = bool(parameters) and not any(parameter.requires_grad for parameter in parameters)
        if frozen or matches_any(freezing.statistics, name):
            module.eval()


def parameter_groups(model: Model, choice: Sgd | AdamW) -> list[Group]:
    """Return the parameters that require gradients, grouped by their factors, in order of first appearance.

    A rule's factors are multiplied with those of every other rule that matches, with those of the layer, and weight
    decay with 0 where a kind of parameter has none. With `layer_decay` a parameter of layer i of n, counted from 0,
    gets `layer_decay ** (n - i)`, and one in no layer, such as those of a head, 1; as in BEiT and ViTDet, where the
    embeddings are layer 0.

    Raises:
        RecipeError: a pattern matches no parameter, or the model has no order of layers that decay could follow.
    """
    named = dict(model.named_parameters())
    what = f"parameter of {model.spec.method}"
    for number, rule in enumerate(choice.rules):
        require_matches(rule.match, list(named), field=f"optimiser.rules[{number}].match", what=what)
    depths = _layer_factors(model, list(named), choice.layer_decay)
    undecayed = _names_of_kinds(model, choice.undecayed)
    groups: dict[tuple[float, float], Parameters] = {}
    for name, parameter in named.items():
        if parameter.requires_grad:
            rules = [rule for rule in choice.rules if matches_any(rule.match, name)]
            lr_factor = prod((rule.lr_factor for rule in rules), start=depths[name])
            decay_factor = prod((rule.decay_factor for rule in rules), start=0.0 if name in undecayed else 1.0)
            groups.setdefault((lr_factor, decay_factor), {})[name] = parameter
    return [Group(parameters, *factors) for factors, parameters in groups.items()]


def _layer_factors(model: Model, names: list[str], decay: float | None) -> dict[str, float]:
    if decay is None:
        return dict.fromkeys(names, 1.0)
    layers = model.layers()
    if not layers:
        raise RecipeError(
            f"optimiser.layer_decay: {model.spec.method} says nothing of the order of its layers",
            remedy="leave layer_decay out, or give rules",
        )
    depths = dict.fromkeys(names, len(layers))
    for depth, patterns in enumerate(layers):
        for name in names:
            if matches_any(patterns, name):
                depths[name] = depth
    return {name: decay ** (len(layers) - depth) for name, depth in depths.items()}


def _names_of_kinds(model: nn.Module, kinds: tuple[Undecayed, ...]) -> set[str]:
    found = set()
    for prefix, module in model.named_modules():
        for short, parameter in module.named_parameters(recurse=False):
            is_of: dict[Undecayed, bool] = {
                "vectors": parameter.ndim <= 1,
                "biases": short == "bias",
                "norms": parameter.ndim <= 1 and "Norm" in type(module).__name__,
            }
            if any(is_of[kind] for kind in kinds):
                found.add(f"{prefix}.{short}" if prefix else short)
    return found


def _batch_normalisations(model: nn.Module) -> dict[str, nn.Module]:
    return {
        name: module for name, module in model.named_modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)
    }
