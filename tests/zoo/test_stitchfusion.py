from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.literal.stitchfusion import StitchFusion as Literal
from benchmarks.networks import same_weights
from rgbtbench.errors import RecipeError, WeightsError
from rgbtbench.zoo.encoders import encoder
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.parts.mit import LAYER_NORM_EPS, MIT_SIZES
from rgbtbench.zoo.parts.stitched_mit import MultiAdapter, StitchedBlock
from rgbtbench.zoo.registry import build, build_from, resolve
from rgbtbench.zoo.weights import convert

from .batches import make_batch, random_images
from .references import needs_references, published_keys, recipe_images, recipe_state, recipe_weights

NINE = {index: f"class {index}" for index in range(9)}
CROSS = {"fusion": "feature_cross"}
PUBLISHED = {
    "b0_rgbt": {"backbone": "b0"},
    "b0_rgbdel": {"backbone": "b0", "extra": 3},
    "b2_rgbt": {"backbone": "b2"},
    "b3_rgbt": {"backbone": "b3"},
    "b4_rgbt": {"backbone": "b4"},
    "b4_rgb3": {"backbone": "b4", "extra": 3},
}
#: Of the checkpoints that the authors name in their file of tips.
LAYOUTS = {
    "DeLiVER": "pair",
    "DeLiVER, all four": ["none", "none", "pair", "pair"],
    "FMB": ["shared", "shared", "pair", "pair"],
    "FMB, before": ["shared", "shared", "direction", "direction"],
    "MFNet": "shared",
    "MFNet, before": ["none", "none", "shared", "shared"],
}


def of(**config):
    return resolve("stitchfusion", config, task="semantic", classes=NINE)


def on_meta(**config):
    with torch.device("meta"):
        return build_from(of(**config))


def small(**config):
    torch.manual_seed(0)
    model = build("stitchfusion", {"backbone": "b0", "head_width": 32} | config, task="semantic", classes=NINE)
    model.load_state_dict(recipe_weights(model.state_dict()))
    return model


def shapes(model):
    return {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}


@needs_references
@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_name_is_a_layer_of_its_shape(name):
    published = published_keys(f"stitch_{name}")
    assert shapes(on_meta(**PUBLISHED[name], **CROSS)) == published
    without = {key: shape for key, shape in published.items() if not key.startswith("backbone.feature_cross.")}
    assert shapes(on_meta(**PUBLISHED[name])) == without


@needs_references
@pytest.mark.parametrize("fusion", ["sum", "feature_cross"])
def test_fusion_modules_of_a_checkpoint_are_dropped_where_maps_are_added_and_used_otherwise(fusion, tmp_path):
    state = recipe_state("stitch_b0_rgbt")
    torch.save({"model_state_dict": state, "epoch": 3}, tmp_path / "source.pth")
    spec = of(backbone="b0", fusion=fusion, alias_order=True)
    info = convert(tmp_path / "source.pth", tmp_path / "converted.safetensors", spec=spec)
    cross = {key for key in state if key.startswith("backbone.feature_cross.")}
    assert set(info.conversion.dropped) == (cross if fusion == "sum" else set())
    assert info.conversion.completed == ()
    loaded = load_model(tmp_path / "converted.safetensors").state_dict()
    assert loaded.keys() == state.keys() - set(info.conversion.dropped)
    assert all(torch.equal(tensor, state[key]) for key, tensor in loaded.items())


def test_a_checkpoint_with_other_adapters_is_refused_by_name(tmp_path):
    torch.save(small(adapters="shared").state_dict(), tmp_path / "source.pth")
    with pytest.raises(WeightsError, match=r"missing backbone\.block1\.0\.adap_t_att12.*unexpected .*adap_t\."):
        convert(tmp_path / "source.pth", tmp_path / "out.safetensors", spec=small(adapters="pair").spec)


@pytest.mark.parametrize(
    ("config", "millions"),
    [
        ({"backbone": "b0", **CROSS}, 4.39),
        ({"backbone": "b2", **CROSS}, 28.38),
        ({"backbone": "b3", **CROSS}, 48.39),
        ({"backbone": "b4", **CROSS}, 65.28),
        ({"backbone": "b4", "extra": 3, **CROSS}, 68.01),
        ({"backbone": "b2"}, 25.93),
        ({"backbone": "b3"}, 45.94),
        ({"backbone": "b4"}, 62.83),
    ],
)
def test_it_has_as_many_parameters_as_the_authors_code(config, millions):
    count = sum(parameter.numel() for parameter in on_meta(**config).parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.015)


@torch.no_grad()
@pytest.mark.parametrize("alias_order", [False, True])
@pytest.mark.parametrize(
    "config",
    [
        *({"adapters": adapters} for adapters in LAYOUTS.values()),
        {"extra": 2, "adapters": "direction"},
        {"extra": 3, **CROSS},
    ],
    ids=[*LAYOUTS, "three modalities, each direction", "four modalities and fusion modules"],
)
def test_logits_are_those_of_the_formulas_written_out_modality_by_modality(config, alias_order):
    model = small(**config, alias_order=alias_order).eval()
    kept = model.config
    literal = Literal(
        MIT_SIZES["b0"],
        32,
        9,
        extra=kept.extra,
        adapters=kept.adapters,
        cross=kept.fusion == "feature_cross",
        alias=alias_order,
    ).eval()
    same_weights(literal, model)
    images = recipe_images(model, shape=(2, 3, 32, 64))
    np.testing.assert_allclose(model.logits(images), literal(*images.values()), rtol=1e-4, atol=1e-5)


class Identity(nn.Module):
    def forward(self, tokens, *grid):
        return tokens


class Added(nn.Module):
    """Stands in for a layer: adds a number that tells what passed it."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = number

    def forward(self, tokens, *grid):
        return tokens + self.number


@torch.no_grad()
@pytest.mark.parametrize(
    ("alias_order", "expected"),
    [
        # Each x_j becomes x_j + (x_j + 10) + the others as they were: 1, 2 and 4 before attention.
        (False, [2 * 1 + 10 + 2 + 4, 2 * 2 + 10 + 1 + 4, 2 * 4 + 10 + 1 + 2]),
        # After attention 12, 14, 18. The first gives 12 to both: 12, 26, 30. The second gives 26: 38, 26, 56. The third
        # gives 56: 94, 82, 56.
        (True, [94, 82, 56]),
    ],
)
def test_adapters_hand_on_what_was_there_before_or_what_has_become_of_it(alias_order, expected):
    block = StitchedBlock(
        3,
        8,
        eps=LAYER_NORM_EPS["deliver"],
        drop_path=0.0,
        adapters="shared",
        modalities=3,
        alias_order=alias_order,
    )
    block.norm1, block.attn, block.adap_t = Identity(), Added(10), Identity()
    block.norm2, block.mlp, block.adap2_t = Identity(), Added(0), nn.Module()
    block.adap2_t.forward = torch.zeros_like
    tokens = torch.tensor([1.0, 2.0, 4.0])[:, None, None].expand(3, 5, 8)
    found = block(tokens, (1, 5)) / 2  # the second branch doubles and hands on nothing
    torch.testing.assert_close(found, torch.tensor(expected).float()[:, None, None].expand(3, 5, 8))


@torch.no_grad()
def test_without_adapters_modalities_never_meet_before_they_are_added():
    model = small(adapters="none").eval()
    rgb, x = recipe_images(model).values()
    for stage, (both, alone, other) in enumerate(
        zip(model.backbone.maps([rgb, x]), model.backbone.maps([rgb, rgb]), model.backbone.maps([x, x]), strict=True)
    ):
        torch.testing.assert_close(both, (alone[0], other[1]), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(model._fused(stage, both), alone[0] + other[0], rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_modalities_may_change_places_where_nothing_tells_them_apart():
    model = small(extra=2, adapters="shared").eval()
    rgb, x, x2 = recipe_images(model).values()
    straight = model.logits({"rgb": rgb, "x": x, "x2": x2})
    for turned in ({"rgb": x2, "x": rgb, "x2": x}, {"rgb": x, "x": rgb, "x2": x2}):
        torch.testing.assert_close(model.logits(turned), straight, rtol=1e-4, atol=1e-4)
    in_turn = small(extra=2, adapters="shared", alias_order=True).eval()
    assert not torch.allclose(
        in_turn.logits({"rgb": rgb, "x": x, "x2": x2}), in_turn.logits({"rgb": x2, "x": rgb, "x2": x}), atol=1e-4
    )


@pytest.mark.parametrize("config", [{}, {"extra": 2, "adapters": "direction", **CROSS}, {"adapters": "shared"}])
def test_gradients_reach_every_parameter(config):
    model = small(drop_path=0.0, **config).train()
    images = random_images(2, 64, 64)
    others = dict.fromkeys(("hha", "event"), images["lwir"])
    batch = make_batch(images | others, semantic=torch.randint(0, 9, (2, 64, 64)))
    for gate in getattr(model.backbone, "feature_cross", model).modules():
        if isinstance(gate, nn.ReLU):
            gate.forward = torch.abs  # a rectifier may shut out the two units of the first gate
    sum(model(batch).values()).backward()
    assert not [name for name, parameter in model.named_parameters() if not parameter.grad.abs().sum() > 0]


def test_adapters_are_as_many_as_their_kind_says_and_small():
    counts = {
        kind: sum(
            isinstance(module, MultiAdapter) for module in on_meta(backbone="b0", extra=3, adapters=kind).modules()
        )
        for kind in ("none", "shared", "pair", "direction")
    }
    # Eight blocks, two places in each; four modalities are six pairs.
    assert counts == {"none": 0, "shared": 16, "pair": 16 * 6, "direction": 16 * 12}
    weights = sum(parameter.numel() for parameter in MultiAdapter(64).parameters())
    assert weights == (64 * 8 + 8) + (8 * 8 + 8) + (8 * 64 + 64)


def test_all_modalities_start_from_the_same_pre_trained_weights():
    state = recipe_weights(encoder("mit_b0").state())
    model = small()
    missing, unexpected = model.load_state_dict(model.encoder_state("mit_b0", state), strict=False)
    assert not unexpected
    assert all("adap" in key for key in missing if key.startswith("backbone."))
    assert torch.equal(model.backbone.block2[0].attn.kv.weight, state["block2.0.attn.kv.weight"])
    with pytest.raises(RecipeError, match="are of mit_b2, and the model's encoder is mit_b0"):
        model.encoder_state("mit_b2", state)


@pytest.mark.parametrize("adapters", ["some", ["pair"], ["pair", "pair", "pair", "all"]])
def test_impossible_adapters_are_refused(adapters):
    with pytest.raises(RecipeError, match=r"model\.config\.adapters"):
        of(adapters=adapters)


def test_slots_are_fed_as_in_the_paper():
    assert of().inputs == {"rgb": "rgb", "x": "lwir"}
    assert of(extra=3).inputs == {"rgb": "rgb", "x": "hha", "x2": "event", "x3": "lidar"}
