from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.literal.geminifusion import GeminiFusion as Literal
from benchmarks.networks import same_weights
from rgbtbench.errors import RecipeError
from rgbtbench.zoo.encoders import encoder
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.parts.mit import MIT_SIZES
from rgbtbench.zoo.parts.swin import SWIN_SIZES
from rgbtbench.zoo.registry import build, build_from, resolve
from rgbtbench.zoo.weights import convert, published_names

from .batches import make_batch, random_images
from .references import needs_references, published_keys, recipe_images, recipe_state, recipe_weights

NINE = {index: f"class {index}" for index in range(9)}
DELIVER = {"backbone": "b2", "variant": "deliver"}
PUBLISHED = {
    "main_mit_b0": {"backbone": "b0"},
    "main_mit_b3": {"backbone": "b3"},
    "main_mit_b5": {"backbone": "b5"},
    "deliver_b2_rgbt": DELIVER,
    "deliver_b2_rgbdel": DELIVER | {"extra": 3},
}


def of(classes: int, **config):
    named = {index: f"class {index}" for index in range(classes)}
    return resolve("geminifusion", config, task="semantic", classes=named)


def on_meta(classes: int, **config):
    with torch.device("meta"):
        return build_from(of(classes, **config))


def small(**config):
    torch.manual_seed(0)
    model = build("geminifusion", {"backbone": "b0", "head_width": 32} | config, task="semantic", classes=NINE)
    model.load_state_dict(recipe_weights(model.state_dict()))
    return model


def unused_nets(extra: int) -> set[str]:
    """The authors' hubs have one score net more than there are modalities beside colour."""
    parts = [f"{layer}.{what}" for layer in (0, 1) for what in ("weight", "bias")]
    return {f"backbone.extra_score_predictor.{stage}.score_nets.{extra}.{part}" for stage in range(4) for part in parts}


@needs_references
@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_name_has_one_layer_of_its_shape(name):
    published = published_keys(f"gemini_{name}")
    head = "decoder" if name.startswith("main") else "decode_head"
    config = PUBLISHED[name]
    own = {
        key: tuple(tensor.shape)
        for key, tensor in on_meta(published[f"{head}.linear_pred.bias"][0], **config).state_dict().items()
    }
    names = published_names("geminifusion", own, published)
    assert set(names) == set(own)
    assert len(set(names.values())) == len(own)
    assert published.keys() - names.values() == (unused_nets(3) if config.get("extra") == 3 else set())
    assert all(own[ours] == published[theirs] for ours, theirs in names.items())


def names_in_swin(depths: tuple[int, ...]) -> set[str]:
    """Every name that the authors' code has for a Swin Transformer and its head, but for tables of places."""
    both = ("weight", "bias")
    block = [f"{layer}.module.{last}" for layer in ("norm1", "norm2", "mlp.fc1", "mlp.fc2") for last in both]
    block += [f"attn.module.{part}" for part in ("relative_position_bias_table", "qkv.weight", "qkv.bias")]
    block += [f"attn.module.proj.{last}" for last in both] + ["k_noise.weight", "v_noise.weight"]
    block += [f"relation_judger.0.{layer}.{last}" for layer in ("fc1", "fc2") for last in both]
    for way in ("cross_attn_0_to_1", "cross_attn_1_to_0"):
        block += [f"{way}.{part}" for part in ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")]
    body = [f"layers.{stage}.blocks.{n}.{part}" for stage in range(4) for n in range(depths[stage]) for part in block]
    merging = ("reduction.weight", "norm.weight", "norm.bias")
    body += [f"layers.{stage}.downsample.module.{part}" for stage in range(3) for part in merging]
    body += [f"patch_embed.proj.module.{last}" for last in both]
    norms = ("patch_embed.norm", *(f"norm{stage}" for stage in range(4)))
    body += [f"{norm}.ln_{stream}.{last}" for norm in norms for stream in (0, 1) for last in both]
    head = [f"linear_{part}.{last}" for part in ("c1.proj", "c2.proj", "c3.proj", "c4.proj", "pred") for last in both]
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    head += ["linear_fuse.conv.weight", *(f"linear_fuse.bn.{last}" for last in (*both, *statistics))]
    return {"alpha", *(f"encoder.body.{key}" for key in body), *(f"decoder.{key}" for key in head)}


@pytest.mark.parametrize("backbone", ["swin_tiny", "swin_small"])
def test_every_published_name_of_a_swin_transformer_has_one_layer(backbone):
    own = on_meta(40, backbone=backbone).state_dict()
    published = names_in_swin(SWIN_SIZES[backbone].depths)
    names = published_names("geminifusion", own, dict.fromkeys(published))
    assert set(names) == set(own)
    assert sorted(names.values()) == sorted(published)


@needs_references
def test_a_checkpoint_of_the_authors_is_converted_whole(tmp_path):
    state = {f"module.{key}": tensor for key, tensor in recipe_state("gemini_main_mit_b0").items()}
    torch.save({"segmenter": state, "epoch_start": 3}, tmp_path / "source.pth.tar")
    info = convert(tmp_path / "source.pth.tar", tmp_path / "converted.safetensors", spec=of(40, backbone="b0"))
    assert info.conversion.completed == info.conversion.dropped == ()
    model = load_model(tmp_path / "converted.safetensors")
    assert torch.equal(model.alpha, state["module.alpha"])
    key = "block3.1.attn.q.module.weight"
    assert torch.equal(model.backbone.block3[1].attn.q.weight, state[f"module.encoder.{key}"])


def test_the_score_nets_that_nobody_asks_are_dropped_and_reported(tmp_path):
    model = small(extra=2)
    unused = {key: torch.zeros(1) for key in unused_nets(2)}
    torch.save(model.state_dict() | unused, tmp_path / "source.pth")
    info = convert(tmp_path / "source.pth", tmp_path / "converted.safetensors", spec=model.spec)
    assert set(info.conversion.dropped) == unused_nets(2)
    assert info.conversion.renamed == {}


@pytest.mark.parametrize(
    ("classes", "config", "millions"),
    [
        (40, {"backbone": "b0"}, 5.86),
        (40, {"backbone": "b3"}, 74.55),
        (40, {"backbone": "b5"}, 137.21),
        (25, DELIVER, 42.13),
        (25, DELIVER | {"backbone": "b4"}, 103.30),
        (40, {"backbone": "swin_tiny"}, 51.95),
        (40, {"backbone": "swin_small"}, 92.80),
        (40, {"backbone": "swin_large"}, 369.01),
        (40, {"backbone": "swin_large_window12"}, 369.22),
    ],
)
def test_it_has_as_many_parameters_as_the_authors_code(classes, config, millions):
    count = sum(parameter.numel() for parameter in on_meta(classes, **config).parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.005)


def test_with_three_modalities_beside_colour_it_lacks_the_parameters_that_nobody_asks():
    unused = sum(9 * width + width + width + 1 for width in MIT_SIZES["b2"].widths)
    count = sum(parameter.numel() for parameter in on_meta(25, **DELIVER, extra=3).parameters())
    assert (count + unused) / 1e6 == pytest.approx(42.18, abs=0.005)


@torch.no_grad()
@pytest.mark.parametrize("extra", [1, 3])
def test_logits_are_those_of_the_formulas_written_out_image_by_image(extra):
    model = small(extra=extra).eval()
    literal = Literal(MIT_SIZES["b0"], 32, 9, extra=extra).eval()
    same_weights(literal, model)
    images = recipe_images(model, shape=(2, 3, 64, 96))
    np.testing.assert_allclose(model.logits(images), literal(*images.values()), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_streams_with_equal_layers_change_places_with_their_images():
    model = small().eval()
    twins = {"ln_0": "ln_1", "cross_attn_0_to_1": "cross_attn_1_to_0"}
    state = model.state_dict()
    for key, tensor in state.items():
        for own, other in twins.items():
            if f".{own}." in key:
                state[key.replace(own, other)].copy_(tensor)
        if key.endswith("noise.weight"):
            tensor[1] = tensor[0]
    rgb, x = recipe_images(model).values()
    straight = model._logits_of_streams({"rgb": rgb, "x": x})
    turned = model._logits_of_streams({"rgb": x, "x": rgb})
    torch.testing.assert_close((straight["rgb"], straight["x"]), (turned["x"], turned["rgb"]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("config", "terms"),
    [
        ({}, {"rgb_cross_entropy", "x_cross_entropy"}),
        ({"variant": "deliver", "extra": 2}, {"rgb_cross_entropy", "x_cross_entropy", "average_cross_entropy"}),
    ],
)
def test_every_output_that_can_learn_is_a_term_and_gradients_reach_every_parameter(config, terms):
    model = small(drop_path=0.0, **config).train()
    images = random_images(2, 64, 64)
    batch = make_batch(
        images | dict.fromkeys(("hha", "event"), images["lwir"]), semantic=torch.randint(0, 9, (2, 64, 64))
    )
    losses = model(batch)
    assert set(losses) == terms
    sum(losses.values()).backward()
    assert not [name for name, parameter in model.named_parameters() if not parameter.grad.abs().sum() > 0]


def test_the_average_teaches_nothing_but_its_weights():
    model = small(variant="deliver")
    model.trained_logits(recipe_images(model))["average"].square().sum().backward()
    assert {name for name, parameter in model.named_parameters() if parameter.grad is not None} == {"alpha"}


@torch.no_grad()
def test_any_of_the_three_logits_may_be_the_answer():
    images = recipe_images(small())
    rgb, x, average = (small(answer=answer).eval().logits(images) for answer in ("rgb", "x", "average"))
    shares = torch.softmax(small().alpha, dim=0)
    assert shares[0] != shares[1]
    torch.testing.assert_close(average, shares[0] * rgb + shares[1] * x)
    assert not torch.allclose(rgb, x)


def test_it_averages_evenly_before_it_has_learnt_to_do_otherwise():
    for variant in ("main", "deliver"):
        model = build("geminifusion", {"backbone": "b0", "variant": variant}, task="semantic", classes=NINE)
        assert model.alpha.tolist() == [1.0, 1.0]
    assert "alpha" not in dict(small().named_parameters())


def test_normalisations_of_all_streams_start_from_the_same_pre_trained_weights():
    state = recipe_weights(encoder("mit_b0").state())
    model = small(extra=2)
    chosen = model.encoder_state("mit_b0", state)
    assert not model.load_state_dict(chosen, strict=False).unexpected_keys
    backbone = model.backbone
    for number in range(3):
        norm = backbone.patch_embed2.norm[f"ln_{number}"]
        assert torch.equal(norm.weight, state["patch_embed2.norm.weight"])
    for number in range(2):
        assert torch.equal(backbone.block1[0].attn.norm[f"ln_{number}"].bias, state["block1.0.attn.norm.bias"])
        assert torch.equal(backbone.norm4[f"ln_{number}"].weight, state["norm4.weight"])
    assert torch.equal(backbone.block4[1].mlp.fc2.weight, state["block4.1.mlp.fc2.weight"])
    new = {key for key in model.state_dict() if key.startswith("backbone.")} - chosen.keys()
    assert all(any(part in key for part in ("cross_attn", "relation_judger", "noise", "score_nets")) for key in new)
    with pytest.raises(RecipeError, match="are of mit_b2, and the model's encoder is mit_b0"):
        model.encoder_state("mit_b2", state)


def test_a_swin_transformer_starts_from_pre_trained_weights_but_for_what_fuses_and_the_outputs_normalisations():
    model = on_meta(9, backbone="swin_tiny")
    chosen = model.encoder_state("swin_tiny", encoder("swin_tiny").state())
    own = {key: tensor for key, tensor in model.state_dict().items() if key.startswith("backbone.")}
    assert all(own[key].shape == tensor.shape for key, tensor in chosen.items())
    left = own.keys() - chosen.keys()
    assert {key.split(".")[-2] if ".fusion." not in key else "fusion" for key in left} == {"ln_0", "ln_1", "fusion"}
    assert {key.split(".")[1] for key in left if ".fusion." not in key} == {f"norm{stage}" for stage in range(4)}
    with pytest.raises(RecipeError, match="are of mit_b0, and the model's encoder is swin_tiny"):
        model.encoder_state("mit_b0", encoder("mit_b0").state())


@pytest.mark.parametrize("other", [{"variant": "deliver"}, {"extra": 2}, {"layer_norms": "deliver"}])
def test_a_swin_transformer_goes_with_the_authors_network_of_two_streams_alone(other):
    with pytest.raises(RecipeError, match="backbone swin_tiny goes with variant main, extra 1 and layer_norms null"):
        of(9, backbone="swin_tiny", **other)


def test_all_layer_normalisations_have_the_eps_of_the_authors():
    norms = [module for module in small(extra=2).modules() if isinstance(module, torch.nn.LayerNorm)]
    assert {norm.eps for norm in norms} == {1e-6}


def test_slots_are_fed_as_in_the_paper():
    assert of(9).inputs == {"rgb": "rgb", "x": "lwir"}
    assert of(9, extra=3).inputs == {"rgb": "rgb", "x": "hha", "x2": "event", "x3": "lidar"}
