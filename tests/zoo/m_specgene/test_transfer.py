"""What a model for a task takes from a pre-trained network."""

from __future__ import annotations

import pytest
import torch

from rgbtbench.cards.recipe import load_recipe
from rgbtbench.errors import RecipeError
from rgbtbench.training.run import train
from rgbtbench.zoo import registry
from rgbtbench.zoo.encoder_weights import initial_weights_in_words, load_initial_weights
from rgbtbench.zoo.registry import build, build_from
from rgbtbench.zoo.weights import save_weights

SMALL = {"decoder": {"width": 16, "depth": 1, "heads": 2}}


def saved(folder, **config):
    torch.manual_seed(0)
    model = build("m_specgene", SMALL | config, task="pretraining", classes={})
    save_weights(model, folder / "weights.safetensors")
    return model


def configuration_of(name):
    recipe = load_recipe(name)
    classes = {} if recipe.task == "pretraining" else {1: "a"}
    spec = registry.resolve(recipe.model.method, recipe.model.config, task=recipe.task, classes=classes)
    return registry.method(spec.method).CONFIG.model_validate(spec.config)


def detector(**config):
    return build("two_stream_faster_rcnn", {"head_channels": 32} | config, task="detection", classes={1: "a"})


def test_a_detector_takes_the_encoder_for_each_of_its_streams(tmp_path):
    pretrained = saved(tmp_path, encoder="vit_s")
    model = detector(backbone="vit_s", streams=["rgb"])
    load_initial_weights(tmp_path, model)
    own, theirs = model.state_dict(), pretrained.encoder.state_dict()
    taken = [key for key in theirs if f"pyramid.encoders.rgb.{key}" in own and key.startswith(("blocks", "patch"))]
    assert len(taken) == 12 * 12 + 2
    assert all(torch.equal(own[f"pyramid.encoders.rgb.{key}"], theirs[key]) for key in taken)
    assert initial_weights_in_words(tmp_path).startswith("m_specgene, ")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"encoder": {"width": 32, "depth": 1, "heads": 2}}, "a ViT of width 32, depth 1, 2 heads and MLP ratio 4 for"),
        ({"encoder": "vit_s", "preprocess": {"size": [64, 48]}}, "6 heads and MLP ratio 4 for 4 x 3 patches of 16"),
        ({"encoder": "vit_s"}, "initial_weights are of mae_vit_s, and"),
    ],
)
def test_an_encoder_that_fits_nothing_is_refused(tmp_path, config, said):
    saved(tmp_path, **config)
    with pytest.raises(RecipeError, match=said):
        load_initial_weights(tmp_path, detector(backbone="resnet18"))


def test_a_pre_training_goes_on_from_a_whole_network(tmp_path):
    config = {"encoder": {"width": 32, "depth": 1, "heads": 2}}
    first = saved(tmp_path, **config)
    torch.manual_seed(1)
    second = build("m_specgene", SMALL | config, task="pretraining", classes={})
    load_initial_weights(tmp_path, second)
    assert all(torch.equal(tensor, second.state_dict()[key]) for key, tensor in first.state_dict().items())


def test_what_initial_weights_have_seen_goes_with_all_that_start_from_them(blobs, tmp_path):
    changes = ["data={train: train, validation: null}", "batch_size=4"]
    first = train(load_recipe("m_specgene/smoke", changes), blobs, tmp_path / "first")
    assert first.info.training.pretraining == ()
    again = [*changes, f"initial_weights={first.folder}"]
    second = train(load_recipe("m_specgene/smoke", again), blobs, tmp_path / "second")
    assert second.info.training.pretraining == ("blobs/train, 10 pairs",)
    assert second.info.training.initial_weights.startswith("m_specgene pre-trained on blobs/train, 10 pairs, first")
    other = build_from(first.info.model)
    save_weights(other, first.weights, training=first.info.training)
    with pytest.raises(RecipeError, match="begun with another initial weights"):
        train(load_recipe("m_specgene/smoke", again), blobs, tmp_path / "second", resume=True)


@pytest.mark.parametrize("method", ["m_specgene_segmentation", "two_stream_fcos"])
def test_what_the_studies_of_transfer_pre_train_sees_the_pixels_that_their_tasks_see(method):
    before, after = configuration_of("m_specgene/transfer"), configuration_of(f"{method}/transfer")
    assert before.encoder_name == after.encoder_name
    assert before.preprocess.normalisation["rgb"] == after.preprocess.normalisation["rgb"]
    assert before.preprocess.normalisation.keys() == {"thermal", "rgb"}
