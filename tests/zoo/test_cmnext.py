from __future__ import annotations

import numpy as np
import pytest
import torch

from rgbtbench.errors import RecipeError
from rgbtbench.zoo.encoders import encoder
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.registry import build, build_from, resolve
from rgbtbench.zoo.weights import convert, published_names

from .references import needs_references, outputs, published_keys, recipe_input, recipe_state, recipe_weights

NINE = {index: f"class {index}" for index in range(9)}
SHAPE = (1, 3, 96, 128)


def of(classes: int, **config):
    return resolve("cmnext", config, task="semantic", classes={index: f"class {index}" for index in range(classes)})


def small(**config):
    torch.manual_seed(0)
    return build("cmnext", {"backbone": "b0", "head_width": 32} | config, task="semantic", classes=NINE)


def images_of(model, *, seed: int = 11):
    return {slot: recipe_input(SHAPE, seed + number) for number, slot in enumerate(model.spec.inputs)}


@needs_references
@pytest.mark.parametrize(("name", "extra", "classes"), [("b2_rgb", 0, 9), ("b2_rgbt", 1, 9), ("b2_rgbdel", 3, 25)])
def test_maps_and_logits_are_those_of_the_authors_code(name, extra, classes, tmp_path):
    torch.save(recipe_state(f"cmnext_{name}"), tmp_path / "source.pth")
    spec = of(classes, extra=extra, scrambled_hub=True)
    info = convert(tmp_path / "source.pth", tmp_path / "converted.safetensors", spec=spec)
    assert info.conversion.completed == info.conversion.dropped == ()
    model, expected = load_model(tmp_path / "converted.safetensors"), outputs("cmnext")
    images = images_of(model)
    rgb, *others = images.values()
    with torch.no_grad():
        for number, fused in enumerate(model.backbone(rgb, others), start=1):
            np.testing.assert_allclose(fused, expected[f"{name}_f{number}"], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(model.logits(images), expected[f"{name}_logits"], rtol=1e-4, atol=1e-4)


@needs_references
@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("cmnext_b2_rgb", {"extra": 0}),
        ("cmnext_b2_rgbt", {}),
        ("cmnext_b2_rgbdel", {"extra": 3}),
        ("cmnext_b4_rgbt", {"backbone": "b4"}),
    ],
)
def test_every_published_name_has_one_layer_of_its_shape(name, config):
    published = published_keys(name)
    with torch.device("meta"):
        model = build_from(of(published["decode_head.linear_pred.bias"][0], **config))
    own = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    names = published_names("cmnext", own, published)
    assert sorted({**{key: key for key in own}, **names}.values()) == sorted(published)
    assert all(own[ours] == published[names.get(ours, ours)] for ours in own)


@pytest.mark.parametrize(("extra", "millions"), [(0, 25.79), (1, 58.69), (2, 58.72), (3, 58.73)])
def test_it_has_as_many_parameters_as_the_authors_report_for_25_classes(extra, millions):
    with torch.device("meta"):
        model = build_from(of(25, extra=extra))
    assert sum(parameter.numel() for parameter in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)


def test_only_the_encoder_for_colour_starts_from_pre_trained_weights():
    state = recipe_weights(encoder("mit_b0").state())
    model = small()
    chosen = model.encoder_state("mit_b0", state)
    model.load_state_dict(chosen, strict=False)
    assert all(torch.equal(tensor, state[key]) for key, tensor in model.backbone.rgb.state_dict().items())
    assert all(key.startswith("backbone.rgb.") for key in chosen)
    with pytest.raises(RecipeError, match="are of mit_b1, and the model's encoder is mit_b0"):
        model.encoder_state("mit_b1", state)


def test_slots_are_fed_as_in_the_paper():
    assert of(9, extra=0).inputs == {"rgb": "rgb"}
    assert of(9).inputs == {"rgb": "rgb", "x": "lwir"}
    assert of(9, extra=2).inputs == {"rgb": "rgb", "x": "hha", "x2": "event"}
    assert of(9, extra=3).inputs == {"rgb": "rgb", "x": "hha", "x2": "event", "x3": "lidar"}
    assert len(of(9, extra=80).inputs) == 81


@torch.no_grad()
def test_one_modality_gives_the_same_with_and_without_the_authors_defect():
    straight, scrambled = small().eval(), small(scrambled_hub=True).eval()
    assert torch.equal(straight.logits(images_of(straight)), scrambled.logits(images_of(scrambled)))


@torch.no_grad()
def test_a_scrambled_hub_reads_channels_as_if_they_came_last():
    hub = small(extra=2, scrambled_hub=True).backbone
    features = torch.arange(2 * 4 * 3 * 5.0).view(2, 4, 3, 5)
    scrambled = hub._handed_on(features)
    assert scrambled.shape == features.shape
    # Number (row·width + column)·channels + channel of the sample's memory.
    assert scrambled[1, 2, 1, 3] == features[1].flatten()[(1 * 5 + 3) * 4 + 2]
    assert torch.equal(hub._handed_on(features.contiguous(memory_format=torch.channels_last)), scrambled)
    assert small(extra=2).backbone._handed_on(features) is features


@torch.no_grad()
def test_every_modality_matters_and_their_order_too():
    model = small(extra=3).eval()
    images = images_of(model)
    reference = model.logits(images)
    for slot in images:
        assert not torch.allclose(model.logits(images | {slot: images[slot].flip(2)}), reference)


@torch.no_grad()
def test_a_modality_is_looked_at_where_its_score_is_highest():
    """Two equal modalities whose scores are equal give what one gives."""
    model = small(extra=2).eval()
    hub = model.backbone.extra_score_predictor[0]
    hub.score_nets[1].load_state_dict(hub.score_nets[0].state_dict())
    features = torch.randn(1, 32, 6, 7, generator=torch.Generator().manual_seed(0))
    (first, second), joined = hub([features, features])
    score = hub.score_nets[0](features)
    torch.testing.assert_close(first, features + score * features)
    assert torch.equal(first, second)
    assert torch.equal(joined, first)
    (first, second), joined = hub([features, 2 * features])
    assert torch.equal(joined, torch.maximum(first, second))
