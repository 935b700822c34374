from __future__ import annotations

import numpy as np
import pytest
import torch

from rgbtbench.cards.recipe import load_recipe
from rgbtbench.errors import RecipeError
from rgbtbench.zoo.encoders import encoder
from rgbtbench.zoo.registry import build, build_from, resolve

from .batches import make_batch, random_images
from .references import recipe_input, recipe_weights

KINDS = [{"streams": ["rgb"]}, {"streams": ["x"]}, {}, {"encoder": "cmx"}]


def small(**config):
    torch.manual_seed(0)
    return build("mit_saliency", {"backbone": "b0", "head_width": 32} | config, task="saliency", classes={})


def batch_of(sizes=(64, 96), *, seed=0, **options):
    batch = make_batch(random_images(2, *sizes, seed=seed), **options)
    masks = (torch.rand(2, 1, *sizes, generator=torch.Generator().manual_seed(seed)) > 0.5).float()
    object.__setattr__(batch, "saliency", masks)
    return batch


@pytest.mark.parametrize(("config", "method"), [({}, "segformer"), ({"encoder": "cmx"}, "cmx")])
def test_its_encoder_is_that_of_the_segmenter(config, method):
    own = {"head_width": 512, "backbone": "b2", **({"streams": ["rgb", "x"]} if method == "segformer" else {})}
    with torch.device("meta"):
        saliency = build_from(resolve("mit_saliency", config, task="saliency", classes={}))
        segmenter = build_from(resolve(method, own, task="semantic", classes={0: "a"}))
    assert {key: tensor.shape for key, tensor in saliency.backbone.state_dict().items()} == {
        key: tensor.shape for key, tensor in segmenter.backbone.state_dict().items()
    }
    assert saliency.decode_head.linear_pred.weight.shape == (1, 512, 1, 1)


@pytest.mark.parametrize("config", KINDS, ids=["rgb", "x", "stacked", "cmx"])
def test_gradients_of_both_losses_reach_every_parameter(config):
    for term in ("binary_cross_entropy", "soft_iou"):
        model = small(drop_path=0.0, **config).train()
        losses = model(batch_of())
        assert set(losses) == {"binary_cross_entropy", "soft_iou"}
        losses[term].backward()
        assert not [name for name, parameter in model.named_parameters() if not parameter.grad.abs().sum() > 0]


@torch.no_grad()
def test_maps_are_chances_in_the_original_frame_whatever_else_is_in_the_batch():
    model = small().eval()
    whole = batch_of((64, 96), size=(33, 47), content=(40, 60))
    predictions = model.predict(whole)
    assert [prediction.saliency.shape for prediction in predictions] == [(33, 47)] * 2
    assert all(0 <= prediction.saliency.min() <= prediction.saliency.max() <= 1 for prediction in predictions)
    cut = {name: image[..., :40, :60] for name, image in whole.images.items()}
    (first, _) = model.predict(make_batch(cut, size=(33, 47)))
    np.testing.assert_allclose(first.saliency, predictions[0].saliency, atol=1e-5)


@torch.no_grad()
def test_a_map_is_the_logistic_function_of_the_logits():
    model = small(streams=["rgb"], preprocess={"normalisation": {"rgb": None}}).eval()
    images = random_images(1, 64, 64)
    (prediction,) = model.predict(make_batch(images))
    logits = model.logits({"rgb": images["rgb"] / 255})[0, 0]
    np.testing.assert_allclose(prediction.saliency, 1 / (1 + np.exp(-logits.numpy())), rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("config", KINDS[2:], ids=["stacked", "cmx"])
def test_each_modality_matters(config):
    model = small(**config).eval()
    rgb, x = recipe_input((1, 3, 64, 64), 1), recipe_input((1, 3, 64, 64), 2)
    both = model.logits({"rgb": rgb, "x": x})
    for other in ({"rgb": rgb, "x": x.flip(2)}, {"rgb": rgb.flip(2), "x": x}):
        assert not torch.allclose(both, model.logits(other))


@pytest.mark.parametrize("config", KINDS, ids=["rgb", "x", "stacked", "cmx"])
def test_pre_trained_weights_start_every_encoder(config):
    state = recipe_weights(encoder("mit_b0").state())
    model = small(**config)
    missing, unexpected = model.load_state_dict(model.encoder_state("mit_b0", state), strict=False)
    assert not unexpected
    assert all(key.startswith(("decode_head.", "backbone.FRMs.", "backbone.FFMs.")) for key in missing)


def test_two_encoders_need_two_streams():
    with pytest.raises(RecipeError, match="encoder cmx takes the streams rgb and x"):
        small(encoder="cmx", streams=["rgb"])


def test_classes_are_refused():
    with pytest.raises(RecipeError, match="2 classes for saliency"):
        resolve("mit_saliency", {}, task="saliency", classes={0: "a", 1: "b"})


@pytest.mark.parametrize("name", ["synthetic", "vt5000-cmx", "vt5000-early", "vt5000-rgb", "vt5000-lwir"])
def test_its_recipes_fit_it(name):
    recipe = load_recipe(f"mit_saliency/{name}")
    spec = resolve("mit_saliency", recipe.model.config, task=recipe.task, classes={}, inputs=recipe.inputs)
    with torch.device("meta"):
        build_from(spec)
