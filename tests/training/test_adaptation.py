"""Training of adapters alone: blobs, SegFormer b0."""

from __future__ import annotations

import os
import signal

import pytest
import torch

from rgbtbench.cards.recipe import recipe_from
from rgbtbench.errors import RecipeError
from rgbtbench.loading.loader import eval_loader
from rgbtbench.loading.prepared import open_split
from rgbtbench.training.checkpoint import load_checkpoint
from rgbtbench.training.interruption import InterruptedTrainingError
from rgbtbench.training.outline import outline
from rgbtbench.training.resolution import resolve_training
from rgbtbench.training.run import train
from rgbtbench.zoo.load import load_model

from .recipes import AtStep, recipe

LORA = {"name": "lora", "match": "*.block?.*.attn.q", "rank": 2, "alpha": 4}
BOTTLENECK = {"name": "bottleneck", "match": "*.block?.*.mlp.fc2", "width": 3}


def adapting(*adapters, **changes):
    plan = {
        "model": {"method": "segformer", "config": {"backbone": "b0", "head_width": 32}},
        "steps": 2,
        "freeze": {"parameters": "*", "but": "decode_head"},
        "adapters": list(adapters),
        "augmentations": {},
        "data": {"validation": None},
        "averaging": None,
    }
    return recipe(**plan | changes)


@pytest.fixture(scope="module")
def base(blobs, tmp_path_factory):
    """Weights to start from."""
    return train(adapting(freeze={}, steps=1), blobs, tmp_path_factory.mktemp("base") / "run")


def tensors(folder):
    return load_model(folder).state_dict()


def moved(before, after):
    return {key for key in before if not torch.equal(before[key], after[key])}


def test_low_rank_adapters_end_up_in_the_weights_that_carried_them(blobs, tmp_path, base):
    result = train(adapting(LORA, initial_weights=str(base.weights)), blobs, tmp_path / "run")
    before, after = tensors(base.folder), tensors(result.folder)
    assert set(before) == set(after)
    queries = {key for key in before if ".attn.q.weight" in key}
    assert queries
    assert moved(before, after) == queries | {key for key in moved(before, after) if key.startswith("decode_head")}
    assert all(torch.linalg.matrix_rank(after[key] - before[key], rtol=1e-3) <= 2 for key in queries)
    # The checkpoint holds them apart, to go on from.
    kept = load_checkpoint(tmp_path / "run" / "checkpoints" / "last.pt")["model"]
    query = next(iter(queries))
    assert torch.equal(kept[query], before[query])
    added = kept[query.replace("weight", "lora_up")] @ kept[query.replace("weight", "lora_down")]
    torch.testing.assert_close(after[query], before[query] + 2 * added)


def test_bottlenecks_stay_and_the_weights_say_where(blobs, tmp_path, base):
    result = train(adapting(BOTTLENECK, initial_weights=str(base.weights)), blobs, tmp_path / "run")
    before, after = tensors(base.folder), tensors(result.folder)
    widths = result.info.model.bottlenecks
    assert set(widths.values()) == {3}
    assert {key.partition(".adapter_")[0] for key in set(after) - set(before)} == set(widths)
    assert all(key.startswith("decode_head") for key in moved(before, {key: after[key] for key in before}))
    model = load_model(result.folder)
    batch = next(iter(eval_loader(open_split(blobs, "test"), batch_size=3)))
    assert len(model.predict(batch)) == 3


def test_a_run_with_adapters_goes_on_to_the_same_bits(blobs, tmp_path):
    plan = adapting(LORA, BOTTLENECK)
    whole = train(plan, blobs, tmp_path / "whole")
    with pytest.raises(InterruptedTrainingError):
        train(plan, blobs, tmp_path / "run", progress=AtStep(1, lambda: os.kill(os.getpid(), signal.SIGTERM)))
    assert train(plan, blobs, tmp_path / "run", resume=True).info.sha256 == whole.info.sha256


def test_a_preview_shows_that_adapters_move_and_their_layers_do_not(blobs):
    everything = {"parameters": "*"}
    (stage,) = outline(resolve_training(adapting(LORA, BOTTLENECK, freeze=everything), blobs))
    trained = {name for group in stage.groups for name in group.parameters}
    assert {name.rpartition(".")[2] for name in trained} == {"lora_down", "lora_up", "weight", "bias"}
    assert all(".lora_" in name or ".adapter_" in name for name in trained)
    assert any(name.endswith("attn.q.weight") for name in stage.frozen)


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (adapting(LORA | {"match": "*.attn.query"}), r"adapters\[0\]\.match: .*matches no linear layer of segformer"),
        (adapting(LORA, BOTTLENECK | {"match": "*.attn"}), r"adapters\[1\]\.match: \S+\.q has an adapter already"),
        (recipe(adapters=[LORA]), r"adapters: mfnet has no linear layer to adapt"),
    ],
)
def test_what_cannot_be_adapted_is_said(blobs, plan, message):
    with pytest.raises(RecipeError, match=message):
        outline(resolve_training(plan, blobs))


def test_an_adapter_of_a_layer_that_is_never_called_is_no_success(blobs, tmp_path):
    """SegFormer's head multiplies two of its layers' weights instead of calling them."""
    plan = adapting(LORA, {"name": "lora", "match": "decode_head.linear_c?.proj"})
    with pytest.raises(RecipeError, match=r"does not call decode_head\.linear_c1\.proj, .*match other layers"):
        train(plan, blobs, tmp_path / "run")


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        ({"name": "prefix", "match": "*"}, "'lora', 'bottleneck'"),
        (LORA | {"rank": 0}, r"adapters\.0.*rank"),
        (LORA | {"width": 3}, "width"),
    ],
)
def test_an_adapter_that_there_is_not_is_answered_with_those_that_there_are(adapter, message):
    with pytest.raises(RecipeError, match=message):
        recipe_from(adapting().model_dump(mode="json") | {"adapters": [adapter]})
