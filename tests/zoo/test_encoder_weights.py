from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import torch
from safetensors.torch import load_file

from rgbtbench.errors import RecipeError, UnknownNameError, WeightsError
from rgbtbench.zoo.encoder_weights import convert_encoder, initial_weights_in_words, load_initial_weights
from rgbtbench.zoo.encoders import ENCODERS, encoder
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.parts.swin import Swin, SwinSize
from rgbtbench.zoo.registry import build
from rgbtbench.zoo.weights import save_weights
from rgbtbench.zoo.weights_info import file_sha256

from .references import recipe_weights

TWO = {0: "a", 1: "b"}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A file like the published one: the encoder and its classifier of 1,000 classes."""
    state = recipe_weights(encoder("mit_b0").state())
    state |= {"head.weight": torch.ones(1000, 256), "head.bias": torch.ones(1000)}
    path = tmp_path_factory.mktemp("imagenet") / "mit_b0.pth"
    torch.save({"state_dict": state}, path)
    return path


@pytest.fixture(scope="module")
def converted(published):
    out = published.with_suffix(".safetensors")
    return out, convert_encoder(published, out, name="mit_b0")


def test_the_classifier_is_dropped_and_all_else_is_kept(published, converted):
    out, info = converted
    state = torch.load(published, weights_only=True)["state_dict"]
    assert info.conversion.dropped == ("head.weight", "head.bias")
    assert (info.encoder, info.sha256) == ("mit_b0", file_sha256(out))
    assert info.conversion.source_sha256 == file_sha256(published)
    found = load_file(out)
    assert set(found) == set(state) - {"head.weight", "head.bias"}
    assert all(torch.equal(found[key], state[key]) for key in found)


def test_of_a_swin_transformer_tables_of_places_are_dropped_as_well(tmp_path, monkeypatch):
    size = SwinSize(8, (2, 2, 2, 2), (1, 1, 1, 1), window=2)
    small = replace(encoder("swin_tiny"), build=partial(Swin, size))
    monkeypatch.setattr("rgbtbench.zoo.encoders.ENCODERS", {"swin_tiny": small})
    state = recipe_weights(small.state())
    others = (
        "head.weight", "head.bias", "norm.weight", "norm.bias",
        "layers.0.blocks.0.attn.relative_position_index", "layers.0.blocks.1.attn_mask",
    )  # fmt: skip
    torch.save({"model": state | dict.fromkeys(others, torch.zeros(1))}, tmp_path / "swin.pth")
    info = convert_encoder(tmp_path / "swin.pth", tmp_path / "swin.safetensors", name="swin_tiny")
    assert set(info.conversion.dropped) == set(others)
    assert load_file(tmp_path / "swin.safetensors").keys() == state.keys()


def test_an_encoder_starts_a_model_and_leaves_the_rest_of_it_random(converted):
    out, info = converted
    torch.manual_seed(0)
    before = build("segformer", {"backbone": "b0"}, task="semantic", classes=TWO)
    torch.manual_seed(0)
    after = build("segformer", {"backbone": "b0"}, task="semantic", classes=TWO)
    load_initial_weights(out, after)
    weights = load_file(out)
    for key, tensor in after.state_dict().items():
        expected = weights[key.removeprefix("backbone.")] if key.startswith("backbone.") else before.state_dict()[key]
        assert torch.equal(tensor, expected), key
    assert initial_weights_in_words(out) == f"mit_b0 encoder, mit_b0.safetensors (sha256 {info.sha256})"


def test_weights_of_a_whole_model_start_one_as_well(tmp_path):
    first, second = (build("segformer", {"backbone": "b0"}, task="semantic", classes=TWO) for _ in range(2))
    info = save_weights(first, tmp_path / "weights.safetensors")
    load_initial_weights(tmp_path, second)
    assert all(torch.equal(tensor, second.state_dict()[key]) for key, tensor in first.state_dict().items())
    assert initial_weights_in_words(tmp_path) == f"{tmp_path.name} (sha256 {info.sha256})"


def test_an_encoder_of_another_size_is_refused_with_both_names(converted):
    model = build("segformer", {"backbone": "b1"}, task="semantic", classes=TWO)
    with pytest.raises(RecipeError, match="are of mit_b0, and the model's encoder is mit_b1"):
        load_initial_weights(converted[0], model)


def test_a_method_without_an_encoder_refuses_one(converted):
    with pytest.raises(RecipeError, match="mfnet starts from no encoder such as mit_b0"):
        load_initial_weights(converted[0], build("mfnet", {}, task="semantic", classes=TWO))


def test_an_encoder_alone_is_no_model_to_predict_with(converted):
    with pytest.raises(WeightsError, match=r"holds an encoder alone \(mit_b0\).*initial_weights"):
        load_model(converted[0])


def test_a_file_of_another_encoder_names_what_does_not_fit(published, tmp_path):
    with pytest.raises(
        WeightsError, match=r"does not fit mit_b1: shapes: patch_embed1\.proj\.weight is \(32, 3, 7, 7\)"
    ):
        convert_encoder(published, tmp_path / "out.safetensors", name="mit_b1")
    assert list(tmp_path.iterdir()) == []


def test_changed_encoder_weights_are_noticed(published, tmp_path):
    out = tmp_path / "mit_b0.safetensors"
    convert_encoder(published, out, name="mit_b0")
    content = bytearray(out.read_bytes())
    content[-1] ^= 1
    out.write_bytes(content)
    with pytest.raises(WeightsError, match="sha256"):
        load_initial_weights(out, build("segformer", {"backbone": "b0"}, task="semantic", classes=TWO))


def test_an_unknown_encoder_names_the_closest():
    with pytest.raises(UnknownNameError, match="did you mean mit_b"):
        encoder("mit_b7")
    assert {"mit_b0", "mit_b1", "mit_b2", "mit_b3", "mit_b4", "mit_b5"} <= set(ENCODERS)


def test_an_encoder_whose_weights_are_no_numbers_is_refused_and_its_classifier_may_be_anything(published, tmp_path):
    state = torch.load(published, weights_only=True)["state_dict"]
    state["head.bias"] = torch.full((1000,), torch.nan)
    torch.save(state, tmp_path / "source.pth")
    assert convert_encoder(tmp_path / "source.pth", tmp_path / "fine.safetensors", name="mit_b0").encoder == "mit_b0"
    state["norm4.bias"][3] = torch.nan
    torch.save(state, tmp_path / "source.pth")
    with pytest.raises(WeightsError, match=r"NaN or infinite values in 1 of \d+ tensors: norm4\.bias"):
        convert_encoder(tmp_path / "source.pth", tmp_path / "out.safetensors", name="mit_b0")
    assert not (tmp_path / "out.safetensors").exists()
