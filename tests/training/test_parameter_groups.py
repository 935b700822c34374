from __future__ import annotations

import pytest
import timm
import torch
from timm.optim import param_groups_layer_decay, param_groups_weight_decay
from torch import nn

from rgbtbench.cards.optimisation import AdamW, Freezing, Sgd
from rgbtbench.errors import RecipeError
from rgbtbench.training.optim import make_optimiser, set_learning_rate
from rgbtbench.training.parameter_groups import begin_training, freeze, parameter_groups
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.registry import build, resolve

SPEC = resolve("mfnet", {}, task="semantic", classes={0: "road", 1: "car"})


class Wrapped(Model):
    """A network of others inside a model."""

    def __init__(self, network: nn.Module, layers=()):
        super().__init__(SPEC)
        self.network = network
        self.order = layers

    def layers(self):
        return self.order

    def forward(self, batch):
        raise NotImplementedError

    def predict(self, batch):
        raise NotImplementedError


@pytest.fixture(scope="module")
def vit():
    with torch.device("meta"):
        network = timm.create_model("vit_tiny_patch16_224", num_classes=3)
    stem = tuple(f"network.{name}" for name in ("patch_embed", "pos_embed", "cls_token"))
    blocks = [(f"network.blocks.{block}",) for block in range(12)]
    return Wrapped(network, [stem, *blocks[:-1], (*blocks[-1], "network.norm")])


def mfnet():
    return build("mfnet", {}, task="semantic", classes={0: "road", 1: "car"})


def factors(groups):
    return {name: (group.lr_factor, group.decay_factor) for group in groups for name in group.parameters}


def sgd(**options):
    return Sgd(name="sgd", lr=0.1, **options)


def test_without_rules_all_parameters_are_one_group_in_the_models_order():
    model = mfnet()
    (group,) = parameter_groups(model, sgd())
    assert list(group.parameters) == [name for name, _ in model.named_parameters()]
    assert (group.lr_factor, group.decay_factor) == (1, 1)


def test_layer_decay_is_that_of_timm(vit):
    """timm gives scales by its own map of layers; 0.7 ** (13 - id) with the embeddings as id 0 and the head as 13."""
    ours = factors(parameter_groups(vit, AdamW(name="adamw", lr=1, layer_decay=0.7, undecayed=["vectors"])))
    groups = param_groups_layer_decay(vit.network, weight_decay=1.0, layer_decay=0.7, verbose=False)
    names = {id(parameter): f"network.{name}" for name, parameter in vit.network.named_parameters()}
    theirs = {names[id(p)]: (group["lr_scale"], group["weight_decay"]) for group in groups for p in group["params"]}
    assert ours.keys() == theirs.keys()
    assert {name: value[0] for name, value in ours.items()} == pytest.approx({n: v[0] for n, v in theirs.items()})
    assert {name: value[1] for name, value in ours.items()} == {name: value[1] for name, value in theirs.items()}
    assert ours["network.blocks.11.mlp.fc1.weight"] == (pytest.approx(0.7), 1)


def test_vectors_without_decay_are_those_of_timm():
    model = mfnet()
    groups = param_groups_weight_decay(model, weight_decay=1.0)
    ours = factors(parameter_groups(model, sgd(undecayed=["vectors"])))
    undecayed = {id(p) for group in groups if group["weight_decay"] == 0 for p in group["params"]}
    assert undecayed
    assert all((ours[n][1] == 0) == (id(p) in undecayed) for n, p in model.named_parameters())


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["biases"], {"network.0.bias", "network.1.bias"}),
        (["norms"], {"network.1.weight", "network.1.bias"}),
        (["vectors"], {"network.0.bias", "network.1.weight", "network.1.bias", "network.2"}),
        (["norms", "biases"], {"network.0.bias", "network.1.weight", "network.1.bias"}),
        ([], set()),
    ],
)
def test_kinds_of_parameters_without_weight_decay(kinds, expected):
    network = nn.ModuleList([nn.Linear(2, 2), nn.LayerNorm(2)])
    network.register_parameter("2", nn.Parameter(torch.zeros(3)))
    found = factors(parameter_groups(Wrapped(network), sgd(undecayed=kinds)))
    assert {name for name, (_, decay) in found.items() if decay == 0} == expected


def test_factors_of_all_rules_that_match_are_multiplied():
    rules = [
        {"match": "network.1", "lr_factor": 10},
        {"match": ["*.bias", "network.0.weight"], "lr_factor": 0.5, "decay_factor": 0.1},
    ]
    model = Wrapped(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)))
    assert factors(parameter_groups(model, sgd(rules=rules))) == {
        "network.0.weight": (0.5, 0.1),
        "network.0.bias": (0.5, 0.1),
        "network.1.weight": (10, 1),
        "network.1.bias": (5, 0.1),
    }


def test_parameters_move_by_their_groups_rate_and_decay():
    """Without momentum a step is -rate (gradient + decay x weight); here gradient and weight are 1."""
    model = Wrapped(nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1), nn.Linear(1, 1)))
    freeze(model, Freezing(parameters=("network.2",)))
    choice = sgd(momentum=0, weight_decay=0.5, undecayed=["biases"], rules=[{"match": "network.1", "lr_factor": 10}])
    optimiser = make_optimiser(parameter_groups(model, choice), choice)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(1.0)
            parameter.grad = torch.ones_like(parameter)
    set_learning_rate(optimiser, 0.01)
    optimiser.step()
    assert {name: round(parameter.item(), 6) for name, parameter in model.network.named_parameters()} == {
        "0.weight": 0.985, "0.bias": 0.99, "1.weight": 0.85, "1.bias": 0.9, "2.weight": 1.0, "2.bias": 1.0,
    }  # fmt: skip


def test_what_is_frozen_and_what_is_taken_back():
    model = mfnet()
    freeze(model, Freezing(parameters="*", but=["decode?", "conv1_inf.conv"]))
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trained == {n for n, _ in model.named_parameters() if n.startswith(("decode", "conv1_inf.conv."))}
    assert set(factors(parameter_groups(model, sgd()))) == trained
    freeze(model, Freezing())
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_statistics_of_frozen_normalisations_and_of_named_ones_stay():
    model = mfnet()
    freezing = Freezing(parameters="conv1_rgb", statistics=["decode1", "*.conv1_left.bn"])
    freeze(model, freezing)
    begin_training(model, freezing)
    kept = {name for name, module in model.named_modules() if not module.training}
    assert kept == {
        "conv1_rgb.bn", "decode1.bn",
        *(f"conv{number}_{stream}.conv1_left.bn" for number in (4, 5) for stream in ("rgb", "inf")),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("freezing", "message"),
    [
        (
            {"parameters": "decoder"},
            r"freeze\.parameters: 'decoder' matches no parameter of mfnet; did you mean decode",
        ),
        ({"parameters": "*"}, r"leaves no parameter of mfnet to be trained; name some in freeze\.but"),
        ({"statistics": "*.conv"}, r"freeze\.statistics: '\*\.conv' matches no batch normalisation of mfnet"),
    ],
)
def test_a_freezing_that_cannot_be_meant_is_named(freezing, message):
    with pytest.raises(RecipeError, match=message):
        freeze(mfnet(), Freezing(**freezing))


def test_rules_and_layers_that_the_model_does_not_have_are_named():
    with pytest.raises(
        RecipeError, match=r"optimiser\.rules\[1\]\.match: 'head' matches no parameter of mfnet; known: "
    ):
        parameter_groups(mfnet(), sgd(rules=[{"match": "decode?", "lr_factor": 2}, {"match": "head", "lr_factor": 2}]))
    with pytest.raises(RecipeError, match="layer_decay: mfnet says nothing of the order of its layers"):
        parameter_groups(mfnet(), sgd(layer_decay=0.9))
