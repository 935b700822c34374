"""What the two-stream detectors share: encoders, the three fusions, frames, ignored and degenerate boxes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from rgbtbench.cards import recipe_names
from rgbtbench.cards.recipe import load_recipe
from rgbtbench.errors import RecipeError
from rgbtbench.loading.batch import BoxTargets
from rgbtbench.training.parameter_groups import begin_training, freeze, parameter_groups
from rgbtbench.training.patterns import matches_any
from rgbtbench.zoo.parts.resnet import ResNet
from rgbtbench.zoo.parts.vit import VIT_SIZES, Vit
from rgbtbench.zoo.registry import build, resolve

from .batches import make_batch, random_images

SMALL = {"backbone": "small", "widths": [8, 16, 32, 32], "head_channels": 32, "preprocess": {"multiple_of": 16}}
METHODS = {
    "two_stream_fcos": {"head_depth": 1},
    "two_stream_faster_rcnn": {"levels": 3, "box_layers": 1, "box_width": 32, "masks": True},
}
CLASSES = {3: "person", 70: "car"}


def make_model(method, **config):
    torch.manual_seed(0)
    return build(method, {**SMALL, **METHODS[method], **config}, task="detection", classes=CLASSES)


def boxes(rows, labels=None, ignore=None):
    count = len(rows)
    return BoxTargets(
        torch.tensor(rows, dtype=torch.float32).view(-1, 4),
        torch.tensor(labels or [3] * count, dtype=torch.int64),
        torch.tensor(ignore or [False] * count, dtype=torch.bool),
    )


@pytest.fixture(params=METHODS)
def method(request):
    return request.param


@pytest.mark.parametrize("fusion", ["early", "mid", "late"])
@pytest.mark.parametrize("streams", [["rgb"], ["inf"], ["rgb", "inf"]], ids="+".join)
def test_every_fusion_trains_all_of_its_parameters_and_predicts(method, fusion, streams):
    model = make_model(method, fusion=fusion, streams=streams).train()
    batch = make_batch(random_images(2, 48, 64), boxes=(boxes([[8, 8, 30, 40]]), boxes([])))
    sum(model(batch).values()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    with torch.no_grad():
        found = model.eval().predict(batch)
    assert [prediction.key for prediction in found] == list(batch.keys)


def test_late_fusion_of_equal_networks_on_equal_images_says_what_one_alone_says(method):
    alone = make_model(method, streams=["rgb"]).eval()
    both = make_model(method, fusion="late").eval()
    late = both.state_dict()
    for key, tensor in alone.state_dict().items():
        for stream in range(2):
            own = key.replace("encoders.rgb.", f"encoders.{('rgb', 'inf')[stream]}.").replace(
                "pyramids.0.", f"pyramids.{stream}."
            )
            for head in ("detector.head.", "detector.rpn_head.", "roi_head.bbox_head.", "roi_head.mask_head."):
                own = own.replace(head, f"{head}heads.{stream}.")
            # A grey image in three channels is the sum over their weights in one.
            late[own].copy_(tensor.sum(1, keepdim=True) if late[own].shape != tensor.shape else tensor)
    both.load_state_dict(late)
    grey = random_images(1, 48, 64)["lwir"]
    batch = make_batch({"rgb": grey.expand(-1, 3, -1, -1), "lwir": grey})
    alone.limits = both.limits = replace(alone.limits, score=0.0, count=20)
    with torch.no_grad():
        (one,), (other,) = alone.predict(batch), both.predict(batch)
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
    np.testing.assert_allclose(one.boxes_xyxy, other.boxes_xyxy, atol=1e-2)


def test_an_ignored_box_and_one_of_an_unknown_class_are_no_background(method):
    """A region is said to hold nothing, to be ignored, or to hold what the model does not know."""
    model = make_model(method).train()
    region = [0.0, 0.0, 64.0, 48.0]

    def loss(targets):
        torch.manual_seed(0)
        batch = make_batch(random_images(1, 48, 64), boxes=(targets,))
        model.load_state_dict(state)
        return sum(model(batch).values()).item()

    state = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    nothing, ignored, unknown = (
        loss(boxes([])),
        loss(boxes([region], ignore=[True])),
        loss(boxes([region], labels=[255])),
    )
    assert ignored == unknown
    assert ignored < nothing / 2


def test_boxes_without_an_area_teach_nothing(method):
    model = make_model(method).train()
    state = {key: tensor.clone() for key, tensor in model.state_dict().items()}

    def losses(targets):
        torch.manual_seed(0)
        model.load_state_dict(state)
        batch = make_batch(random_images(1, 48, 64), boxes=(targets,))
        return {name: value.item() for name, value in model(batch).items()}

    flat = losses(boxes([[5, 5, 5, 20], [64, 0, 64, 48], [8, 8, 30, 40]]))
    assert flat == losses(boxes([[8, 8, 30, 40]]))
    assert all(np.isfinite(value) for value in flat.values())


def test_images_of_other_sizes_in_the_batch_change_no_prediction(method):
    model = make_model(method).eval()
    model.limits = replace(model.limits, score=0.0)
    images = random_images(2, 48, 64)
    alone = make_batch({name: image[:1, :, :32, :40] for name, image in images.items()}, size=(64, 80))
    mixed = make_batch(images)
    mixed.pixel_mask[0, 32:] = mixed.pixel_mask[0, :, 40:] = False
    mixed.sizes[0] = torch.tensor([64, 80])
    with torch.no_grad():
        (one,) = model.predict(alone)
        found = {prediction.key: prediction for prediction in model.predict(mixed)}
    np.testing.assert_allclose(found["sample-0"].boxes_xyxy, one.boxes_xyxy, atol=1e-3)
    np.testing.assert_allclose(found["sample-0"].scores, one.scores, atol=1e-5)
    assert (one.boxes_xyxy <= [80, 64, 80, 64]).all()


def test_a_fitted_input_moves_neither_targets_nor_predictions(method):
    """A model that doubles its input and pads it sees doubled boxes, and gives them back halved."""
    fit = {"fit": [96, 160], "multiple_of": 16, "interpolation": "nearest"}
    plain, fitted = make_model(method).eval(), make_model(method, preprocess=fit).eval()
    images = random_images(1, 48, 64)
    large = {
        name: torch.nn.functional.pad(image.repeat_interleave(2, -1).repeat_interleave(2, -2), (0, 32))
        for name, image in images.items()
    }
    plain.limits = fitted.limits = replace(plain.limits, score=0.0, count=5)
    padded = make_batch(large, boxes=(boxes([[16, 16, 60, 80]]),))
    padded.pixel_mask[..., 128:] = False
    with torch.no_grad():
        torch.manual_seed(0)
        inside = fitted(make_batch(images, boxes=(boxes([[8, 8, 30, 40]]),)))
        torch.manual_seed(0)
        outside = plain(padded)
        (found,) = fitted.predict(make_batch(images))
    assert {name: value.item() for name, value in inside.items()} == pytest.approx(
        {name: value.item() for name, value in outside.items()}, rel=1e-4
    )
    assert (found.boxes_xyxy <= [64, 48, 64, 48]).all()


@pytest.mark.parametrize("fusion", ["early", "mid", "late"])
def test_a_pre_trained_resnet_starts_every_encoder(method, fusion):
    model = make_model(method, backbone="resnet18", fusion=fusion)
    published = ResNet("resnet18").state_dict()
    state = model.encoder_state("resnet18", published)
    own = model.state_dict()
    encoders = {key for key in own if key.startswith("pyramid.encoders.")}
    assert set(state) == encoders
    assert all(state[key].shape == own[key].shape for key in encoders)
    stems = [tensor for key, tensor in state.items() if key.endswith(".conv1.weight") and "layer" not in key]
    colour, grey = published["conv1.weight"], published["conv1.weight"].sum(dim=1, keepdim=True)
    if fusion == "early":
        torch.testing.assert_close(stems[0], torch.cat((colour, grey), dim=1) / 2)
    else:
        torch.testing.assert_close(stems[0], colour)
        torch.testing.assert_close(stems[1], grey)
    with pytest.raises(RecipeError, match="initial_weights are of resnet50, and the model's encoder is resnet18"):
        model.encoder_state("resnet50", published)


def test_a_vision_transformer_starts_from_mae_and_its_layers_are_in_order(method):
    with torch.device("meta"):
        model = build(method, {"backbone": "vit_s", "head_channels": 32}, task="detection", classes=CLASSES)
        published = Vit(VIT_SIZES["vit_s"], grid=(14, 14)).state_dict()
    state = model.encoder_state("mae_vit_s", published)
    own = model.state_dict()
    assert all(state[key].shape == own[key].shape for key in state)
    missing = {key for key in own if key.startswith("pyramid.encoders.") and key not in state}
    assert missing
    assert all(".rel_pos_" in key for key in missing)
    layers = model.layers()
    assert len(layers) == 13
    for name, _ in model.named_parameters():
        of = [number for number, patterns in enumerate(layers) if matches_any(patterns, name)]
        block = name.split(".blocks.")[1].split(".")[0] if ".blocks." in name else None
        assert of == ([1 + int(block)] if block else [0] if name.startswith("pyramid.encoders.") else [])


def test_a_small_vision_transformer_takes_an_encoder_that_was_pre_trained_on_its_patches(method):
    small = {"backbone": {"width": 24, "depth": 2, "heads": 2}, "patch": 8, "pretrained_grid": [6, 8], "image_side": 64}
    with torch.device("meta"):
        model = build(method, small | {"head_channels": 32}, task="detection", classes=CLASSES)
        config = {"encoder": small["backbone"], "patch": 8, "preprocess": {"size": [48, 64]}}
        pretrained = build("m_specgene", config, task="pretraining", classes={})
    name, state = pretrained.pretrained_encoder(pretrained.state_dict())
    assert name == "a ViT of width 24, depth 2, 2 heads and MLP ratio 4 for 6 x 8 patches of 8"
    taken, own = model.encoder_state(name, state), model.state_dict()
    assert all(taken[key].shape == own[key].shape for key in taken)
    assert len(model.layers()) == 3
    with pytest.raises(RecipeError, match="for 8 x 6 patches"):
        model.encoder_state(name.replace("6 x 8", "8 x 6"), state)


def test_a_vision_transformer_detects(method):
    config = {"backbone": "vit_s", "streams": ["inf"], "image_side": 64, "head_channels": 64}
    model = make_model(method, **config).train()
    batch = make_batch(random_images(1, 48, 64), boxes=(boxes([[8, 8, 30, 40]]),))
    sum(model(batch).values()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert model.pyramid.strides == (4, 8, 16, 32, 64)
    with torch.no_grad():
        assert len(model.eval().predict(batch)) == 1


@pytest.mark.parametrize("name", [name for name in recipe_names() if name.split("/")[0] in METHODS])
def test_every_recipe_configures_its_model(name):
    recipe = load_recipe(name)
    spec = resolve(
        recipe.model.method, recipe.model.config, task=recipe.task, classes=CLASSES, inputs=recipe.inputs
    )  # fmt: skip
    assert set(spec.inputs.values()) <= {"rgb", "lwir"}


@pytest.mark.parametrize("name", ["llvip", "llvip-early", "llvip-lwir"])
def test_pre_trained_stems_first_stages_and_statistics_stay(name):
    recipe = load_recipe(f"two_stream_faster_rcnn/{name}")
    with torch.device("meta"):
        model = build("two_stream_faster_rcnn", recipe.model.config, task="detection", classes=CLASSES)
    freeze(model, recipe.freeze)
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    assert {name.split(".")[3] for name in frozen} == {"conv1", "bn1", "layer1"}
    begin_training(model, recipe.freeze)
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert norms
    assert not any(norm.training for norm in norms)


def test_rates_of_the_vision_transformer_decay_towards_its_patches():
    recipe = load_recipe("two_stream_faster_rcnn/llvip-vitdet")
    with torch.device("meta"):
        model = build("two_stream_faster_rcnn", recipe.model.config, task="detection", classes=CLASSES)
    factors = {
        name: (group.lr_factor, group.decay_factor)
        for group in parameter_groups(model, recipe.optimiser)
        for name in group.parameters
    }
    encoder = "pyramid.encoders.inf"
    assert factors[f"{encoder}.pos_embed"] == (pytest.approx(0.7**13), 0)
    assert factors[f"{encoder}.patch_embed.proj.weight"] == (pytest.approx(0.7**13), 1)
    assert factors[f"{encoder}.blocks.11.norm1.weight"] == (pytest.approx(0.7), 0)
    assert factors[f"{encoder}.blocks.0.attn.rel_pos_h"] == (pytest.approx(0.7**12), 1)
    assert factors["detector.rpn_head.rpn_cls.bias"] == (1, 1)


def test_losses_and_predictions_are_finite_in_half_precision(method):
    model = make_model(method, masks=True) if method == "two_stream_faster_rcnn" else make_model(method)
    batch = make_batch(random_images(2, 48, 64), boxes=(boxes([[8, 8, 30, 40]]), boxes([])))
    with torch.autocast("cpu", torch.bfloat16):
        losses = model.train()(batch)
        sum(losses.values()).backward()
        with torch.no_grad():
            found = model.eval().predict(batch)
    assert all(loss.dtype == torch.float32 and loss.isfinite() for loss in losses.values())
    assert all(np.isfinite(prediction.boxes_xyxy).all() for prediction in found)
