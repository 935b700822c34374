from __future__ import annotations

import numpy as np
import pytest
import torch

from rgbtbench.errors import RecipeError
from rgbtbench.zoo.encoders import encoder
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.registry import build, build_from, resolve
from rgbtbench.zoo.weights import convert, published_names

from .batches import make_batch, random_images
from .references import needs_references, outputs, published_keys, recipe_input, recipe_state, recipe_weights

NINE = {index: f"class {index}" for index in range(9)}


def of(classes: int, **config):
    return resolve("cmx", config, task="semantic", classes={index: f"class {index}" for index in range(classes)})


def small(**config):
    torch.manual_seed(0)
    return build("cmx", {"backbone": "b0", "head_width": 32} | config, task="semantic", classes=NINE)


@pytest.fixture(scope="module", params=["b0", "b2"])
def converted(request, tmp_path_factory):
    """The authors' network with recipe weights, through the converter."""
    folder = tmp_path_factory.mktemp(request.param)
    torch.save({"model": recipe_state(f"cmx_mit_{request.param}")}, folder / "source.pth")
    info = convert(folder / "source.pth", folder / "converted.safetensors", spec=of(9, backbone=request.param))
    return request.param, info, folder / "converted.safetensors"


@needs_references
def test_maps_and_logits_are_those_of_the_authors_code(converted):
    backbone, _, path = converted
    model, expected = load_model(path), outputs("cmx")
    rgb, x = recipe_input((1, 3, 96, 128), 11), recipe_input((1, 3, 96, 128), 12)
    with torch.no_grad():
        for number, fused in enumerate(model.backbone(rgb, x), start=1):
            np.testing.assert_allclose(fused, expected[f"mit_{backbone}_fused{number}"], rtol=1e-4, atol=1e-4)
        logits = model.logits({"rgb": rgb, "x": x})
        np.testing.assert_allclose(logits, expected[f"mit_{backbone}_logits"], rtol=1e-4, atol=1e-4)
        model.decode_head.linear_fuse.bn.eps = 1e-3
        logits = model.logits({"rgb": rgb, "x": x})
        np.testing.assert_allclose(logits, expected[f"mit_{backbone}_logits_headbn1e-3"], rtol=1e-4, atol=1e-4)


@needs_references
def test_nothing_is_left_over_or_completed(converted):
    backbone, info, _ = converted
    keys = published_keys(f"cmx_mit_{backbone}")
    assert info.conversion.completed == info.conversion.dropped == ()
    assert info.parameters == sum(
        int(np.prod(shape))
        for key, shape in keys.items()
        if not key.endswith(("running_mean", "running_var", "tracked"))
    )


@needs_references
@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("cmx_mit_b0", {"backbone": "b0"}),
        ("cmx_mit_b2", {"backbone": "b2"}),
        ("cmx_mit_b4", {"backbone": "b4"}),
        ("deliver_cmx_b2", {"backbone": "b2", "variant": "deliver"}),
    ],
)
def test_every_published_name_has_one_layer_of_its_shape(name, config):
    published = published_keys(name)
    with torch.device("meta"):
        model = build_from(of(published["decode_head.linear_pred.bias"][0], **config))
    own = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    names = published_names("cmx", own, published)
    assert sorted({**{key: key for key in own}, **names}.values()) == sorted(published)
    assert all(own[ours] == published[names.get(ours, ours)] for ours in own)


@pytest.mark.parametrize(("backbone", "millions"), [("b2", 66.6), ("b4", 139.9), ("b5", 181.1)])
def test_it_has_as_many_parameters_as_the_paper_reports_for_forty_classes(backbone, millions):
    with torch.device("meta"):
        model = build_from(of(40, backbone=backbone))
    assert sum(parameter.numel() for parameter in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)


def test_both_encoders_start_from_the_same_pre_trained_weights():
    state = recipe_weights(encoder("mit_b0").state())
    model = small()
    model.load_state_dict(model.encoder_state("mit_b0", state), strict=False)
    for stream in (model.backbone.rgb, model.backbone.x):
        assert all(torch.equal(tensor, state[key]) for key, tensor in stream.state_dict().items())
    with pytest.raises(RecipeError, match="are of mit_b2, and the model's encoder is mit_b0"):
        model.encoder_state("mit_b2", state)


def inputs_of(model, batch):
    seen = []
    model.backbone.register_forward_pre_hook(lambda _, inputs: seen.extend(inputs))
    with torch.no_grad():
        model.predict(batch)
    return seen


def test_colours_are_turned_round_before_they_are_normalised_where_authors_weights_expect_it():
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    images = random_images(1, 32, 64)
    colour, grey = images["rgb"][0, :, 3, 4] / 255, (images["lwir"][0, :, 3, 4] / 255).expand(3)
    straight, turned = (inputs_of(small(bgr_input=bgr).eval(), make_batch(images)) for bgr in (False, True))
    torch.testing.assert_close(straight[0][0, :, 3, 4], (colour - mean) / std)
    torch.testing.assert_close(turned[0][0, :, 3, 4], (colour.flip(0) - mean) / std)
    for _, x in (straight, turned):
        torch.testing.assert_close(x[0, :, 3, 4], (grey - mean) / std)


def test_another_modality_with_colours_is_turned_round_too():
    images = random_images(1, 32, 32) | {"hha": random_images(1, 32, 32, seed=5)["rgb"]}
    model = build(
        "cmx",
        {"backbone": "b0", "head_width": 32, "bgr_input": True},
        task="semantic",
        classes=NINE,
        inputs={"rgb": "rgb", "x": "hha"},
    )
    (_, x) = inputs_of(model.eval(), make_batch(images))
    blue = images["hha"][0, 2, 7, 9] / 255
    assert x[0, 0, 7, 9].item() == pytest.approx(((blue - 0.485) / 0.229).item(), rel=1e-5)


def test_the_head_is_normalised_as_the_authors_train_where_asked_for():
    model = small(head_eps_in_training=1e-3)
    assert model.train().decode_head.linear_fuse.bn.eps == 1e-3
    assert model.eval().decode_head.linear_fuse.bn.eps == 1e-5
    assert small().train().decode_head.linear_fuse.bn.eps == 1e-5


def test_each_modality_matters():
    model = small().eval()
    rgb, x = recipe_input((1, 3, 64, 64), 1), recipe_input((1, 3, 64, 64), 2)
    with torch.no_grad():
        both = model.logits({"rgb": rgb, "x": x})
        for other in ({"rgb": rgb, "x": x + 1}, {"rgb": rgb + 1, "x": x}):
            assert not torch.allclose(both, model.logits(other))
