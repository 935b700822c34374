from __future__ import annotations

import numpy as np
import pytest
import torch

from rgbtbench.errors import RecipeError
from rgbtbench.zoo.encoder_weights import convert_encoder, load_initial_weights
from rgbtbench.zoo.encoders import encoder
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.registry import build, build_from, resolve
from rgbtbench.zoo.weights import convert, published_names

from .batches import make_batch, random_images
from .references import needs_references, outputs, published_keys, recipe_input, recipe_state, recipe_tensor

NINE = {index: f"class {index}" for index in range(9)}


def of(**config):
    return resolve("rtfnet", config, task="semantic", classes=NINE)


def on_meta(**config):
    with torch.device("meta"):
        return build_from(of(**config))


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    return build("rtfnet", {"backbone": "resnet18"}, task="semantic", classes=NINE).eval()


@needs_references
def test_logits_of_converted_recipe_weights_agree_with_the_authors_code(tmp_path):
    torch.save(recipe_state("rtfnet18"), tmp_path / "source.pth")
    info = convert(tmp_path / "source.pth", tmp_path / "converted.safetensors", spec=of(backbone="resnet18"))
    assert info.conversion.completed == info.conversion.dropped == ()
    assert_logits(load_model(tmp_path / "converted.safetensors"), outputs("cnn")["rtfnet18_logits"])


@needs_references
def test_so_they_do_with_bottlenecks():
    """The state dict is renamed as the converter does, and not written: it has 740 MB."""
    model, state = on_meta(backbone="resnet50").eval(), recipe_state("rtfnet50")
    renamed = published_names("rtfnet", model.state_dict(), state)
    model.load_state_dict({ours: state[theirs] for ours, theirs in renamed.items()}, assign=True)
    assert_logits(model, outputs("cnn")["rtfnet50_logits"])


def assert_logits(model, expected):
    image = recipe_input((1, 4, 96, 128), 11)
    with torch.no_grad():
        logits = model.logits({"rgb": image[:, :3], "inf": image[:, 3:]})
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)


@needs_references
@pytest.mark.parametrize("depth", [18, 50, 152])
def test_every_published_tensor_has_one_place_of_its_shape(depth):
    state, keys = on_meta(backbone=f"resnet{depth}").state_dict(), published_keys(f"rtfnet{depth}")
    renamed = published_names("rtfnet", state, dict.fromkeys(keys, torch.empty(0)))
    assert len(set(renamed.values())) == len(renamed) == len(state) == len(keys)
    assert {theirs: tuple(state[ours].shape) for ours, theirs in renamed.items()} == keys


@pytest.mark.parametrize(("depth", "millions"), [(18, 31.0), (50, 185.24), (152, 254.51)])
def test_it_has_as_many_parameters_as_the_authors_code(depth, millions):
    count = sum(parameter.numel() for parameter in on_meta(backbone=f"resnet{depth}").parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.05 if depth == 18 else 0.005)


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"])
def test_encoders_are_torchvisions_networks_without_classifier(name):
    import torchvision

    with torch.device("meta"):
        published = getattr(torchvision.models, name)(weights=None).state_dict()
    expected = {key: tensor.shape for key, tensor in published.items() if not key.startswith("fc.")}
    assert {key: tensor.shape for key, tensor in encoder(name).state().items()} == expected


def test_imagenet_weights_start_both_encoders_and_the_thermal_one_sees_their_mean(tmp_path):
    """Files of torchvision hold a classifier and no batch counters."""
    shapes = {key: tuple(tensor.shape) for key, tensor in encoder("resnet18").state().items()}
    state = {key: recipe_tensor(key, shape) for key, shape in shapes.items() if not key.endswith("tracked")}
    torch.save(state | {"fc.weight": torch.ones(1000, 512), "fc.bias": torch.ones(1000)}, tmp_path / "resnet18.pth")
    info = convert_encoder(tmp_path / "resnet18.pth", tmp_path / "encoder.safetensors", name="resnet18")
    assert info.conversion.dropped == ("fc.weight", "fc.bias")
    assert len(info.conversion.completed) == 20

    model = build("rtfnet", {"backbone": "resnet18"}, task="semantic", classes=NINE).eval()
    decoder = model.deconv1[0].conv1.weight.clone()
    load_initial_weights(tmp_path / "encoder.safetensors", model)
    assert torch.equal(model.deconv1[0].conv1.weight, decoder)
    assert torch.equal(model.encoders["rgb"].conv1.weight, state["conv1.weight"])
    assert torch.equal(model.encoders["inf"].layer4[1].bn2.running_var, state["layer4.1.bn2.running_var"])
    grey = recipe_input((1, 1, 64, 64), 1)
    with torch.no_grad():
        colour, thermal = model.encoders["rgb"].conv1(grey.expand(-1, 3, -1, -1)), model.encoders["inf"].conv1(grey)
    torch.testing.assert_close(colour, 3 * thermal, rtol=1e-4, atol=1e-4)
    with pytest.raises(RecipeError, match="are of resnet18, and the model's encoder is resnet34"):
        build("rtfnet", {"backbone": "resnet34"}, task="semantic", classes=NINE).encoder_state("resnet18", state)


def test_thermal_features_are_added_to_those_of_colour_after_every_step_and_never_the_other_way(small):
    came_in, went_out = {}, {}

    def watch(name, module):
        def hook(_, inputs, output):
            came_in[name], went_out[name] = inputs[0].clone(), output.clone()

        return module.register_forward_hook(hook)

    stages = [f"layer{number}" for number in range(1, 5)]
    names = [f"encoders.{stream}.{stage}" for stream in ("rgb", "inf") for stage in stages] + ["deconv1"]
    hooks = [watch(name, small.get_submodule(name)) for name in names]
    with torch.no_grad():
        small.logits({"rgb": recipe_input((1, 3, 64, 64), 1), "inf": recipe_input((1, 1, 64, 64), 2)})
    for hook in hooks:
        hook.remove()
    for stage, after in zip(stages, [*stages[1:], None], strict=True):
        colour, thermal = went_out[f"encoders.rgb.{stage}"], went_out[f"encoders.inf.{stage}"]
        fused = came_in["deconv1" if after is None else f"encoders.rgb.{after}"]
        torch.testing.assert_close(fused, colour + thermal)
        if after is not None:
            assert torch.equal(came_in[f"encoders.inf.{after}"], thermal)


def test_logits_are_rectified_as_published(small):
    with torch.no_grad():
        logits = small.logits({"rgb": recipe_input((1, 3, 64, 96), 1), "inf": recipe_input((1, 1, 64, 96), 2)})
    assert logits.shape == (1, 9, 64, 96)
    assert logits.min() == 0
    assert logits.max() > 0


@pytest.mark.parametrize("stream", ["rgb", "inf"])
def test_one_stream_has_one_encoder_and_the_same_decoder(stream):
    both, one = on_meta(backbone="resnet18"), on_meta(backbone="resnet18", streams=[stream])
    assert list(one.spec.inputs) == list(one.encoders) == [stream]
    rest = {key: tensor.shape for key, tensor in both.state_dict().items() if not key.startswith("encoders.")}
    assert rest == {key: t.shape for key, t in one.state_dict().items() if not key.startswith("encoders.")}


def test_images_of_any_size_are_predicted_at_it(small):
    with torch.no_grad():
        (prediction,) = small.predict(make_batch(random_images(1, 33, 45)))
    assert prediction.mask.shape == (33, 45)
    assert set(np.unique(prediction.mask)) <= set(NINE)
