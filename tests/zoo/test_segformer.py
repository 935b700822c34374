from __future__ import annotations

import numpy as np
import pytest
import torch

from rgbtbench.errors import RecipeError
from rgbtbench.zoo.encoders import encoder
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.registry import build, build_from, resolve
from rgbtbench.zoo.weights import convert

from .batches import make_batch, random_images
from .references import needs_references, outputs, recipe_input, recipe_state, recipe_weights

NINE = {index: f"class {index}" for index in range(9)}


def small(**config):
    torch.manual_seed(0)
    return build("segformer", {"backbone": "b0", "head_width": 32} | config, task="semantic", classes=NINE)


@pytest.mark.parametrize(
    ("backbone", "millions"), [("b0", 3.8), ("b1", 13.7), ("b2", 27.5), ("b3", 47.3), ("b4", 64.1), ("b5", 84.7)]
)
def test_it_has_as_many_parameters_as_the_paper_reports_for_150_classes(backbone, millions):
    classes = dict.fromkeys(range(150), "x")
    with torch.device("meta"):
        model = build_from(resolve("segformer", {"backbone": backbone}, task="semantic", classes=classes))
    assert sum(parameter.numel() for parameter in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.1)


@needs_references
def test_cmnexts_network_for_colour_alone_is_a_segformer(tmp_path):
    """Same layers; DELIVER's code has the eps of torch in all normalisations and a head of width 512."""
    torch.save(recipe_state("cmnext_b2_rgb"), tmp_path / "source.pth")
    config = {"layer_norms": "deliver", "head_width": 512}
    spec = resolve("segformer", config, task="semantic", classes=NINE)
    convert(tmp_path / "source.pth", tmp_path / "converted.safetensors", spec=spec)
    model = load_model(tmp_path / "converted.safetensors")
    image = recipe_input((1, 3, 96, 128), 11)
    expected = outputs("cmnext")
    with torch.no_grad():
        for number, features in enumerate(model.backbone(image), start=1):
            np.testing.assert_allclose(features.numpy(), expected[f"b2_rgb_f{number}"], rtol=1e-4, atol=1e-4)
        logits = model.logits({"rgb": image})
    np.testing.assert_allclose(logits.numpy(), expected["b2_rgb_logits"], rtol=1e-4, atol=1e-4)


def test_the_unused_layer_in_published_files_is_dropped_and_reported(tmp_path):
    model = small()
    state = model.state_dict() | {"decode_head.conv_seg.weight": torch.ones(9, 32, 1, 1)}
    torch.save({"state_dict": state | {"decode_head.conv_seg.bias": torch.ones(9)}}, tmp_path / "source.pth")
    info = convert(tmp_path / "source.pth", tmp_path / "out.safetensors", spec=model.spec)
    assert info.conversion.dropped == ("decode_head.conv_seg.weight", "decode_head.conv_seg.bias")
    assert info.conversion.renamed == {}


def test_one_stream_reads_its_own_modality_and_two_are_stacked_colour_first():
    assert small().spec.inputs == {"rgb": "rgb"}
    assert small(streams=["x"]).spec.inputs == {"x": "lwir"}
    both = small(streams=["x", "rgb"]).eval()
    assert both.spec.inputs == {"rgb": "rgb", "x": "lwir"}
    seen = []
    both.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    rgb, x = recipe_input((1, 3, 32, 64), 1), recipe_input((1, 3, 32, 64), 2)
    with torch.no_grad():
        both.logits({"rgb": rgb, "x": x})
    assert torch.equal(seen[0], torch.cat((rgb, x), dim=1))


def test_pre_trained_weights_of_two_streams_see_in_the_same_image_twice_what_one_sees_once():
    state = recipe_weights(encoder("mit_b0").state())
    one, two = small().eval(), small(streams=["rgb", "x"]).eval()
    for model in (one, two):
        model.load_state_dict(model.encoder_state("mit_b0", state), strict=False)
    image = recipe_input((1, 3, 64, 64), 1)
    with torch.no_grad():
        for single, double in zip(one.backbone(image), two.backbone(torch.cat((image, image), dim=1)), strict=True):
            torch.testing.assert_close(single, double, rtol=1e-4, atol=1e-4)


def test_pixels_are_normalised_as_for_imagenet():
    model = small().eval()
    images = random_images(1, 32, 64)
    seen = []
    model.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        model.predict(make_batch(images))
    by_hand = (images["rgb"][0, :, 5, 7] / 255 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor(
        [0.229, 0.224, 0.225]
    )
    torch.testing.assert_close(seen[0][0, :, 5, 7], by_hand)


@pytest.mark.parametrize("streams", [[], ["rgb", "rgb"], ["inf"]])
def test_impossible_streams_are_refused(streams):
    with pytest.raises(RecipeError, match=r"model\.config\.streams"):
        small(streams=streams)


def test_images_of_any_size_are_predicted_at_it():
    model = small().eval()
    with torch.no_grad():
        (prediction,) = model.predict(make_batch(random_images(1, 21, 45)))
    assert prediction.mask.shape == (21, 45)
