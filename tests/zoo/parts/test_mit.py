from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from rgbtbench.zoo.parts.initialisation import initialise
from rgbtbench.zoo.parts.mit import LAYER_NORM_EPS, MIT_SIZES, Mit, MitSize, drop_path_rates, to_map, to_tokens

from ..references import recipe_input, recipe_weights


def meta(name: str, **options) -> Mit:
    with torch.device("meta"):
        return Mit(MIT_SIZES[name], eps=LAYER_NORM_EPS["segformer"], **options)


@pytest.mark.parametrize(
    ("name", "millions"),
    [("b0", 3.319), ("b1", 13.151), ("b2", 24.196), ("b3", 44.072), ("b4", 60.843), ("b5", 81.443)],
)
def test_every_size_has_the_parameters_of_the_published_encoder(name, millions):
    assert sum(parameter.numel() for parameter in meta(name).parameters()) / 1e6 == pytest.approx(millions, abs=5e-4)


def test_layers_carry_the_names_of_the_imagenet_weights():
    keys = set(meta("b2").state_dict())
    assert {key.split(".")[0] for key in keys} == {
        f"{part}{stage}" for part in ("patch_embed", "block", "norm") for stage in range(1, 5)
    }
    assert {
        "patch_embed1.proj.weight",
        "patch_embed4.norm.bias",
        "block1.2.attn.sr.weight",
        "block3.5.attn.norm.weight",
        "block4.2.attn.kv.bias",
        "block4.2.mlp.dwconv.dwconv.weight",
        "norm4.weight",
    } <= keys
    assert not any(key.startswith("block4") and ".attn.sr" in key for key in keys)


def of_mmsegmentation(key: str) -> str:
    """Name in mmsegmentation's encoder; queries, keys and values lie in one tensor there."""
    part, rest = key.split(".", 1)
    stage = int(part[-1]) - 1
    if part.startswith("patch_embed"):
        return f"layers.{stage}.0.{rest.replace('proj', 'projection')}"
    if part.startswith("norm"):
        return f"layers.{stage}.2.{rest}"
    number, _, rest = rest.partition(".")
    for ours, theirs in {
        "attn.proj": "attn.attn.out_proj",
        "attn.q.": "attn.attn.in_proj_",
        "mlp.fc1": "ffn.layers.0",
        "mlp.dwconv.dwconv": "ffn.layers.1",
        "mlp.fc2": "ffn.layers.4",
    }.items():
        rest = rest.replace(ours, theirs)
    return f"layers.{stage}.1.{number}.{rest}"


def test_maps_of_all_stages_are_those_of_mmsegmentations_encoder():
    pytest.importorskip("mmseg")
    from rgbtbench.bridges.mmcv_ops import provide_mmcv_ops

    provide_mmcv_ops()
    from mmseg.models.backbones.mit import MixVisionTransformer

    size = MitSize((32, 64, 160, 256), (1, 2, 1, 2))
    # It normalises with one eps everywhere.
    ours = Mit(size, eps=LAYER_NORM_EPS["geminifusion"]).eval()
    theirs = MixVisionTransformer(embed_dims=32, num_layers=size.depths, num_heads=[1, 2, 5, 8]).eval()
    state = recipe_weights(ours.state_dict())
    ours.load_state_dict(state)
    renamed = {}
    for key, tensor in state.items():
        if ".attn.kv." in key:
            continue
        joined = torch.cat((tensor, state[key.replace(".q.", ".kv.")])) if ".attn.q." in key else tensor
        renamed[of_mmsegmentation(key)] = (
            joined[..., None, None] if key.endswith(("fc1.weight", "fc2.weight")) else joined
        )
    theirs.load_state_dict(renamed)
    image = recipe_input((2, 3, 96, 128), 11)
    with torch.no_grad():
        for found, expected in zip(ours(image), theirs(image), strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("rule", "patch_embed", "block", "reduction", "stage"),
    [
        ("segformer", 1e-5, 1e-6, 1e-5, 1e-6),
        ("deliver", 1e-5, 1e-5, 1e-5, 1e-5),
        ("geminifusion", 1e-6, 1e-6, 1e-6, 1e-6),
    ],
)
def test_normalisations_take_the_eps_of_each_repository(rule, patch_embed, block, reduction, stage):
    with torch.device("meta"):
        encoder = Mit(MIT_SIZES["b0"], eps=LAYER_NORM_EPS[rule])
    wanted = {"patch_embed": patch_embed, "block.norm": block, "block.attn": reduction, "norm": stage}
    for name, module in encoder.named_modules():
        if isinstance(module, nn.LayerNorm):
            first, *rest = name.split(".")
            place = first.rstrip("1234") + (f".{rest[1].rstrip('12')}" if first.startswith("block") else "")
            assert module.eps == wanted[place], name


def test_maps_lie_in_memory_as_their_tokens_do():
    tokens = torch.arange(2 * 12 * 5.0).view(2, 12, 5)
    features = to_map(tokens, (3, 4))
    assert features.shape == (2, 5, 3, 4)
    assert features[1, 2, 1, 3] == tokens[1, 7, 2]
    assert features.is_contiguous(memory_format=torch.channels_last)
    assert to_tokens(features).data_ptr() == tokens.data_ptr()
    assert torch.equal(to_tokens(features), tokens)


def test_strides_are_4_8_16_and_32_and_odd_sizes_are_rounded_up():
    encoder = Mit(MitSize((32, 64, 160, 256), (1, 1, 1, 1)), eps=LAYER_NORM_EPS["segformer"])
    with torch.no_grad():
        assert [tuple(found.shape[2:]) for found in encoder(torch.zeros(1, 3, 64, 96))] == [
            (16, 24),
            (8, 12),
            (4, 6),
            (2, 3),
        ]
        assert [tuple(found.shape[2:]) for found in encoder(torch.zeros(1, 3, 61, 65))] == [
            (16, 17),
            (8, 9),
            (4, 5),
            (2, 3),
        ]


def test_an_image_may_have_other_channels():
    assert meta("b0", channels=4).patch_embed1.proj.weight.shape == (32, 4, 7, 7)


def test_branches_are_left_out_more_often_the_deeper_they_lie():
    assert list(drop_path_rates((2, 2, 1, 1), 0.1)) == pytest.approx([0, 0.02, 0.04, 0.06, 0.08, 0.1])
    blocks = [block for stage in range(1, 5) for block in meta("b0", drop_path=0.7).get_submodule(f"block{stage}")]
    assert [block.drop_path.p for block in blocks] == pytest.approx([index / 10 for index in range(8)])


def test_layers_begin_as_in_segformer():
    torch.manual_seed(0)
    linear, conv = nn.Linear(400, 500), nn.Conv2d(32, 64, 3, groups=2)
    depthwise = nn.Conv2d(512, 512, 3, groups=512)
    for layer in (linear, conv, depthwise):
        layer.apply(initialise)
        assert not layer.bias.any()
    assert linear.weight.std().item() == pytest.approx(0.02, rel=0.01)
    assert linear.weight.abs().max() <= 2
    assert conv.weight.std().item() == pytest.approx(math.sqrt(2 / (9 * 64 / 2)), rel=0.02)
    assert depthwise.weight.std().item() == pytest.approx(math.sqrt(2 / 9), rel=0.03)
