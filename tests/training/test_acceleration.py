from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks

from rgbtbench.errors import RecipeError
from rgbtbench.training.acceleration import checkpoint_activations, require_recomputation
from rgbtbench.training.metrics_log import read_metrics
from rgbtbench.training.run import train
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.registry import build, resolve

from .recipes import recipe

SPEC = resolve("mfnet", {}, task="semantic", classes={0: "road", 1: "car"})


class Network(Model):
    """Blocks with everything that computing twice could spoil: statistics and random numbers."""

    def __init__(self):
        super().__init__(SPEC)
        torch.manual_seed(0)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.ReLU()) for _ in range(3)
        )
        self.head = nn.Linear(8, 1)

    def forward(self, features):
        for block in self.blocks:
            features = block(features)
        return {"loss": self.head(features).square().mean()}

    def predict(self, batch):
        raise NotImplementedError


def stepped(*patterns):
    """Return the state, the gradients and the number of tensors kept for the backward pass after one step."""
    kept = []
    model = Network().train()
    checkpoint_activations(model, patterns)
    torch.manual_seed(1)
    with saved_tensors_hooks(lambda tensor: kept.append(tensor) or tensor, lambda tensor: tensor):
        loss = model(torch.randn(16, 8))["loss"]
    loss.backward()
    return model.state_dict(), [parameter.grad for parameter in model.parameters()], len(kept)


@pytest.mark.parametrize("pattern", ["blocks", "blocks.*", "blocks.1", "*"])
def test_computing_twice_keeps_less_and_changes_no_bit(pattern):
    state, gradients, kept = stepped()
    again, same, fewer = stepped(pattern)
    assert list(state) == list(again)
    assert all(torch.equal(state[key], again[key]) for key in state)
    assert all(torch.equal(one, other) for one, other in zip(gradients, same, strict=True))
    assert fewer < kept


def test_an_encoder_that_runs_stage_by_stage_computes_twice_in_its_parts():
    classes = {0: "road", 1: "car"}
    images = {slot: torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) for slot in ("rgb", "x")}
    found = {}
    for patterns in ((), ("backbone.rgb",)):
        torch.manual_seed(0)
        model = build("cmx", {"backbone": "b0", "head_width": 32}, task="semantic", classes=classes).train()
        checkpoint_activations(model, patterns)
        kept = []
        torch.manual_seed(1)
        with saved_tensors_hooks(
            lambda tensor, kept=kept: kept.append(tensor.numel()) or tensor, lambda tensor: tensor
        ):
            loss = model.logits(images).square().mean()
        loss.backward()
        require_recomputation(model, patterns)
        found[patterns] = sum(kept), [parameter.grad for parameter in model.parameters()]
    (everything, gradients), (less, same) = found.values()
    assert less < 0.9 * everything
    assert all(torch.equal(one, other) for one, other in zip(gradients, same, strict=True) if one is not None)


class Reader(Network):
    """Computes with the weights of its head, which it does not call."""

    def forward(self, features):
        for block in self.blocks:
            features = block(features)
        return {"loss": torch.nn.functional.linear(features, self.head.weight).square().mean()}


def test_what_is_never_called_is_named():
    model = Reader().train()
    checkpoint_activations(model, ["blocks.1", "head"])
    model(torch.randn(16, 8))["loss"].backward()
    require_recomputation(model, ["blocks.1"])
    with pytest.raises(RecipeError, match="activation_checkpointing: the network calls nothing of head, and keeps all"):
        require_recomputation(model, ["blocks.1", "head"])


def test_a_training_asks_whether_anything_was_computed_twice(blobs, tmp_path, monkeypatch):
    wanted = []
    monkeypatch.setattr(
        "rgbtbench.training.step.require_recomputation", lambda model, patterns: wanted.append(tuple(patterns))
    )
    train(recipe(steps=2, activation_checkpointing=["conv*"]), blobs, tmp_path / "run")
    assert wanted == [("conv*",)]


def test_a_pattern_that_matches_nothing_is_answered_with_the_closest():
    with pytest.raises(RecipeError, match=r"activation_checkpointing: 'block' matches no module.*blocks"):
        checkpoint_activations(Network(), ["block"])


def test_a_recipe_turns_it_on_and_the_weights_are_the_same(blobs, tmp_path):
    plain = train(recipe(steps=2), blobs, tmp_path / "plain")
    small = train(recipe(steps=2, activation_checkpointing=["conv*", "decode?"]), blobs, tmp_path / "small")
    assert small.info.sha256 == plain.info.sha256


def test_compiled_code_computes_the_same(blobs, tmp_path, monkeypatch):
    """Traced as for any compiler, and run as it was traced: making machine code takes minutes."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    for name, faster in (("plain", {}), ("compiled", {"compile": True, "activation_checkpointing": ["conv4*"]})):
        train(recipe(steps=2, **faster), blobs, tmp_path / name)
    plain, compiled = (
        [line["losses"]["cross_entropy"] for line in read_metrics(tmp_path / name / "metrics.jsonl")]
        for name in ("plain", "compiled")
    )
    assert compiled == pytest.approx(plain, rel=1e-5)
