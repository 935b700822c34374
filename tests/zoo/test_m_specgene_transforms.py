"""The plain-tensor files of M-SpecGene's encoder that its authors made for detection and segmentation.

Their names follow from those of the pre-trained network by the two renamings of the authors' scripts, written out here.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pytest
import torch
from safetensors.torch import load_file

from rgbtbench.errors import WeightsError
from rgbtbench.zoo.encoder_weights import convert_encoder, load_initial_weights
from rgbtbench.zoo.encoders import ENCODERS, Encoder, encoder
from rgbtbench.zoo.parts.vit import VIT_SIZES, Vit, VitSize
from rgbtbench.zoo.registry import build, resolve
from rgbtbench.zoo.weights import convert

from .packages import needs_mmsegmentation
from .references import GOLDEN, needs_references, recipe_tensor

SMALL = {"width": 24, "depth": 4, "heads": 2, "mlp_ratio": 2}
TWO = {0: "a", 1: "b"}


def for_segmentation(key: str) -> str:
    inner = key.removeprefix("backbone.")
    return inner.replace("ln1.", "norm.") if inner.startswith("ln1.") else inner


def for_detection(key: str) -> str:
    inner = for_segmentation(key)
    for theirs, other in (
        ("patch_embed.projection", "patch_embed.proj"),
        ("layers.", "blocks."),
        (".ln1.", ".norm1."),
        (".ln2.", ".norm2."),
        (".ffn.blocks.0.0.", ".mlp.fc1."),
        (".ffn.blocks.1.", ".mlp.fc2."),
    ):
        inner = inner.replace(theirs, other)
    return inner


def pretrained_shapes() -> dict[str, tuple[int, ...]]:
    shapes = json.loads((GOLDEN / "models" / "keys" / "keys_pretrain_vitb.json").read_text())
    return {key: tuple(shape) for key, shape in shapes.items() if key.startswith("backbone.")}


@needs_references
@pytest.mark.parametrize("renamed", [for_segmentation, for_detection])
def test_all_150_tensors_of_vit_b_have_their_place(renamed):
    there = {renamed(key): shape for key, shape in pretrained_shapes().items()}
    kind = encoder("mae_vit_b")
    names = kind.found_names(there)
    wanted = {key: tuple(tensor.shape) for key, tensor in kind.state().items()}
    assert len(there) == 150
    assert sorted(names.values()) == sorted(there)
    assert {key: there[theirs] for key, theirs in names.items()} == wanted


@pytest.fixture
def small(monkeypatch):
    """A ViT-B that is small, and the names that mmpretrain gives its tensors."""
    built = replace(encoder("mae_vit_b"), build=partial(Vit, VitSize(24, 4, 2, 2), grid=(14, 14), positions="sin_cos"))
    monkeypatch.setitem(encoders(), "mae_vit_b", built)
    kept = [key for key in pretrained_names() if not key.startswith("layers.") or int(key.split(".")[1]) < 4]
    ours = built.state()
    return built, {key: recipe_tensor(key, tuple(ours[own(key)].shape)) for key in kept}


def pretrained_names() -> list[str]:
    blocks = [
        f"layers.{number}.{layer}.{what}"
        for number in range(12)
        for layer in ("ln1", "attn.qkv", "attn.proj", "ln2", "ffn.layers.0.0", "ffn.layers.1")
        for what in ("weight", "bias")
    ]
    return ["cls_token", "pos_embed", "patch_embed.projection.weight", "patch_embed.projection.bias", *blocks,
            "norm.weight", "norm.bias"]  # fmt: skip


def own(key: str) -> str:
    return for_detection(f"backbone.{key}")


@pytest.mark.parametrize("form", ["seg_transform", "det_transform"])
def test_either_file_gives_the_same_encoder(small, form, tmp_path):
    _, state = small
    content = {"model": {own(key): tensor for key, tensor in state.items()}} if form == "det_transform" else state
    torch.save(content, tmp_path / f"{form}.pth")
    info = convert_encoder(tmp_path / f"{form}.pth", tmp_path / "out.safetensors", name="mae_vit_b")
    found = load_file(tmp_path / "out.safetensors")
    assert found.keys() == {own(key) for key in state}
    assert all(torch.equal(found[own(key)], tensor) for key, tensor in state.items())
    # All twelve of each block, whose names begin with layers there, and the two of the patches.
    assert len(info.conversion.renamed) == (0 if form == "det_transform" else 4 * 12 + 2)
    assert info.conversion.dropped == ()


def test_a_file_with_both_names_or_one_too_few_is_refused(small, tmp_path):
    _, state = small
    torch.save(state | {"patch_embed.proj.weight": state["patch_embed.projection.weight"]}, tmp_path / "both.pth")
    with pytest.raises(WeightsError, match=r"unexpected patch_embed\.projection\.weight"):
        convert_encoder(tmp_path / "both.pth", tmp_path / "out.safetensors", name="mae_vit_b")
    torch.save({key: tensor for key, tensor in state.items() if key != "layers.3.ln2.bias"}, tmp_path / "fewer.pth")
    with pytest.raises(WeightsError, match=r"missing blocks\.3\.norm2\.bias"):
        convert_encoder(tmp_path / "fewer.pth", tmp_path / "out.safetensors", name="mae_vit_b")
    assert not (tmp_path / "out.safetensors").exists()


def test_who_takes_it_for_a_whole_network_is_told_what_it_is(small, tmp_path, monkeypatch):
    monkeypatch.setattr("rgbtbench.zoo.weights.method_names", list)
    built, state = small
    assert built.fits(state)
    assert built.fits(state | {"head.weight": torch.zeros(10, 24)})
    assert not built.fits(state | {"other": torch.zeros(1)})
    assert not built.fits(state | {"cls_token": torch.zeros(1, 1, 8)})
    torch.save(state, tmp_path / "seg_transform.pth")
    with pytest.raises(WeightsError, match="an encoder alone: convert it with `rgbtbench weights encoder … --name mae"):
        convert(
            tmp_path / "seg_transform.pth",
            tmp_path / "out.safetensors",
            spec=resolve("m_specgene", {"encoder": SMALL}, task="pretraining", classes={}),
        )


@pytest.mark.parametrize(
    ("method", "config", "task", "place"),
    [
        ("m_specgene_detection", {"image_side": 224, "head_channels": 8, "box_width": 8}, "detection", "backbone."),
        pytest.param(
            "m_specgene_segmentation",
            {"window": 224, "stride": 112, "taps": [0, 1, 2, 3], "head_width": 8, "auxiliary_width": 8},
            "semantic",
            "network.backbone.",
            marks=needs_mmsegmentation,
        ),
        pytest.param(
            "m_specgene_saliency",
            {"window": 224, "stride": 112, "taps": [0, 1, 2, 3], "head_width": 8, "auxiliary_width": 8},
            "saliency",
            "network.backbone.",
            marks=needs_mmsegmentation,
        ),
    ],
)
def test_it_starts_each_task(small, method, config, task, place, tmp_path, monkeypatch):
    monkeypatch.setitem(vit_sizes(), "vit_b", VitSize(24, 4, 2, 2))
    _, state = small
    torch.save(state, tmp_path / "seg_transform.pth")
    convert_encoder(tmp_path / "seg_transform.pth", tmp_path / "encoder.safetensors", name="mae_vit_b")
    model = build(method, config, task=task, classes={} if task == "saliency" else TWO)
    load_initial_weights(tmp_path / "encoder.safetensors", model)
    own_state = model.state_dict()
    taken = {key for key in state if place + own(key) in own_state}
    assert {key for key in state if key not in taken} <= {"cls_token", "norm.weight", "norm.bias"}
    for key in taken:
        assert torch.equal(own_state[place + own(key)], state[key]), key


def encoders() -> dict[str, Encoder]:
    assert isinstance(ENCODERS, dict)
    return ENCODERS


def vit_sizes() -> dict[str, VitSize]:
    assert isinstance(VIT_SIZES, dict)
    return VIT_SIZES
