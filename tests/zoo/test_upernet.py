"""UPerNet and FCN of mmsegmentation on encoders of the zoo."""

from __future__ import annotations

import importlib.util

import pytest
import torch

from rgbtbench.bridges import mmcv_ops
from rgbtbench.cards.recipe import load_recipe
from rgbtbench.errors import MissingExtraError
from rgbtbench.training.run import train
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.registry import build, build_from, resolve
from rgbtbench.zoo.weights import convert

from ..training.conftest import blobs
from .batches import make_batch, random_images
from .packages import needs_mmsegmentation
from .references import recipe_input, recipe_weights

__all__ = ["blobs"]
NINE = {index: f"class {index}" for index in range(9)}


def of(method="segformer", **config):
    return resolve(method, {"backbone": "b0", "head": "upernet"} | config, task="semantic", classes=NINE)


def small(method="segformer", **config):
    torch.manual_seed(0)
    return build_from(of(method, head_width=16, **config))


def test_without_mmsegmentation_the_head_is_refused_with_what_is_missing(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        mmcv_ops.importlib.util, "find_spec", lambda name: None if name in ("mmseg", "ftfy") else found(name)
    )
    with pytest.raises(MissingExtraError, match="needs mmseg, ftfy"):
        mmcv_ops.require_mmsegmentation()


@needs_mmsegmentation
def test_layers_carry_the_names_and_shapes_of_mmsegmentations_checkpoints():
    """Of its configuration upernet_r50: 512 channels, pooled to 1, 2, 3 and 6, and FCN with 256 on the third map."""
    with torch.device("meta"):
        shapes = {key: tuple(tensor.shape) for key, tensor in build_from(of()).state_dict().items()}
    expected = {
        "decode_head.conv_seg.weight": (9, 512, 1, 1),
        **{f"decode_head.psp_modules.{scale}.1.conv.weight": (512, 256, 1, 1) for scale in range(4)},
        "decode_head.bottleneck.conv.weight": (512, 256 + 4 * 512, 3, 3),
        **{f"decode_head.lateral_convs.{k}.conv.weight": (512, w, 1, 1) for k, w in enumerate((32, 64, 160))},
        **{f"decode_head.fpn_convs.{level}.conv.weight": (512, 512, 3, 3) for level in range(3)},
        "decode_head.fpn_bottleneck.conv.weight": (512, 4 * 512, 3, 3),
        "decode_head.fpn_bottleneck.bn.running_var": (512,),
        "auxiliary_head.convs.0.conv.weight": (256, 160, 3, 3),
        "auxiliary_head.conv_seg.weight": (9, 256, 1, 1),
    }
    assert {key: shapes[key] for key in expected} == expected
    assert {key.split(".")[0] for key in shapes} == {"backbone", "decode_head", "auxiliary_head"}


@needs_mmsegmentation
@pytest.mark.parametrize(
    "options",
    [
        {"size": (7, 9), "mode": "bilinear", "align_corners": False},
        {"size": (7, 9), "mode": "bilinear", "align_corners": True},
        {"size": (7, 9), "mode": "nearest"},
        {"scale_factor": 2, "mode": "bilinear", "align_corners": False},
    ],
)
def test_heads_of_others_in_the_same_process_resize_as_ever(options):
    from rgbtbench.bridges.mmseg_heads import psp_module, uper_module

    image = recipe_input((1, 2, 3, 4), 1)
    expected = torch.nn.functional.interpolate(image, **options)
    for module in (psp_module, uper_module):
        assert torch.equal(module.resize(image, **options), expected)


@needs_mmsegmentation
def test_making_heads_warns_of_nothing(recwarn):
    """Of two classes mmsegmentation would, and of the loss that each head makes for itself."""
    from rgbtbench.bridges.mmseg_heads import fcn_head, uper_head

    recwarn.clear()
    uper_head((8, 8), 8, 2), fcn_head((8, 8), 8, 2, level=1)
    assert not recwarn.list


@needs_mmsegmentation
def test_its_smoke_recipe_trains_both_heads_and_the_encoder(blobs, tmp_path):
    recipe = load_recipe("segformer/smoke-upernet")
    run = train(recipe, blobs, tmp_path / "run")
    torch.manual_seed(recipe.seed)
    before, after = build_from(run.info.model), load_model(run.folder)
    trained = dict(after.named_parameters())
    assert all(not torch.equal(parameter, trained[name]) for name, parameter in before.named_parameters())


@needs_mmsegmentation
@pytest.mark.parametrize(("method", "slots"), [("segformer", ["rgb"]), ("cmx", ["rgb", "x"])])
def test_the_second_head_is_learnt_from_and_answers_nothing(method, slots):
    model = small(method)
    losses = model.train()(make_batch(random_images(2, 64, 64), semantic=torch.randint(0, 9, (2, 64, 64))))
    assert set(losses) == {"cross_entropy", "auxiliary_cross_entropy"}
    images = {slot: recipe_input((1, 3, 64, 96), number) for number, slot in enumerate(slots)}
    model.eval()
    with torch.no_grad():
        answer = model.logits(images)
        for parameter in model.auxiliary_head.parameters():
            parameter.zero_()
        assert torch.equal(model.logits(images), answer)
    assert answer.shape == (1, 9, 64, 96)


@needs_mmsegmentation
def test_a_checkpoint_with_these_heads_is_converted_whole(tmp_path):
    model = small()
    state = recipe_weights(model.state_dict())
    torch.save({"state_dict": state, "meta": {}}, tmp_path / "source.pth")
    info = convert(tmp_path / "source.pth", tmp_path / "converted.safetensors", spec=model.spec)
    assert info.conversion.dropped == info.conversion.completed == ()
    loaded = load_model(tmp_path / "converted.safetensors").state_dict()
    assert all(torch.equal(loaded[key], tensor) for key, tensor in state.items())


def test_the_default_head_leaves_no_trace_in_a_description():
    for method in ("segformer", "cmx"):
        assert "head" not in resolve(method, {}, task="semantic", classes=NINE).config
        assert of(method).config["head"] == "upernet"
        with torch.device("meta"):
            assert build(method, {}, task="semantic", classes=NINE).auxiliary_head is None
