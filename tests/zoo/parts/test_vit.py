from __future__ import annotations

import numpy as np
import pytest
import torch

from rgbtbench.zoo.parts.vit import VIT_SIZES, Vit, VitSize, vit_layers

from ..references import GOLDEN, needs_references

TINY = VitSize(32, 2, 4)


def meta(name: str, **options) -> Vit:
    with torch.device("meta"):
        return Vit(VIT_SIZES[name], **{"grid": (14, 14), **options})


def test_the_base_size_has_the_parameters_of_maes_encoder():
    assert sum(parameter.numel() for parameter in meta("vit_b").parameters()) == 85_798_656


@pytest.mark.parametrize(
    ("name", "count"), [("vit_s", 22_056_192), ("vit_b", 86_579_712), ("vit_l", 304_367_616)]
)  # fmt: skip
def test_dinov2s_sizes_have_their_parameters(name, count):
    model = meta(name, grid=(37, 37), patch=14, layer_scale=1.0)
    assert sum(parameter.numel() for parameter in model.parameters()) == count


@needs_references
@pytest.mark.parametrize("case", ["sq", "rect"])
def test_outputs_are_those_of_dinov2s_code(case):
    recorded = np.load(GOLDEN / "models" / "spectradino" / "dinov2_tiny_mlp.npz")
    state = {key[3:]: torch.from_numpy(recorded[key]) for key in recorded.files if key.startswith("sd.")}
    del state["mask_token"]
    model = Vit(VitSize(32, 2, 2), grid=(5, 5), patch=14, layer_scale=1.0, offset=0.1).eval()
    model.load_state_dict(state)
    image = torch.from_numpy(recorded[f"{case}.x"])
    with torch.no_grad():
        tokens, grid = model(image)
        (first, second), _ = model.taps(image, (0, 1))
        np.testing.assert_allclose(model.positions(grid).numpy(), recorded[f"{case}.pos"], atol=1e-5)
    np.testing.assert_allclose(tokens[:, 0].numpy(), recorded[f"{case}.cls"], atol=1e-5)
    np.testing.assert_allclose(tokens[:, 1:].numpy(), recorded[f"{case}.patch"], atol=1e-5)
    np.testing.assert_allclose(second.numpy(), recorded[f"{case}.prenorm"], atol=1e-5)
    np.testing.assert_allclose(first[:, 0].numpy(), recorded[f"{case}.blk0.cls"], atol=1e-5)


def published_as_ours(key: str) -> str:
    for theirs, ours in (
        ("patch_embed.projection", "patch_embed.proj"), ("ffn.layers.0.0", "mlp.fc1"), ("ffn.layers.1", "mlp.fc2"),
        ("layers.", "blocks."), (".ln1.", ".norm1."), (".ln2.", ".norm2."), ("gamma_1", "ls1.gamma"),
        ("gamma_2", "ls2.gamma"), ("relative_position_index", "index"),
    ):  # fmt: skip
        key = key.replace(theirs, ours)
    return key.replace("ln1.", "norm.") if key.startswith("ln1.") else key


@needs_references
def test_visible_tokens_alone_are_encoded_as_in_the_published_pre_training():
    recorded = np.load(GOLDEN / "models" / "m-specgene" / "tiny_pretrain.npz")
    prefix = "sd/backbone."
    state = {
        published_as_ours(key.removeprefix(prefix)): torch.from_numpy(recorded[key])
        for key in recorded.files
        if key.startswith(prefix)
    }
    model = Vit(VitSize(32, 2, 4, mlp_ratio=2), grid=(4, 4), positions="sin_cos").eval()
    own = model.pos_embed.detach().clone()
    model.load_state_dict(state)
    torch.testing.assert_close(own, model.pos_embed)
    image = torch.from_numpy(recorded["input"])[:, :3]
    with torch.no_grad():
        tokens, _ = model.patches(image)
        visible = torch.from_numpy(recorded["mask1"]) == 0
        # Published order: by the noise that the visible ones were chosen with.
        order = torch.from_numpy(recorded["ids_restore1"]).argsort(dim=1)[:, : visible.sum(dim=1)[0]]
        chosen = tokens.gather(1, order[..., None].expand(-1, -1, 32))
        found = model.encode(model.with_class_token(chosen))
    np.testing.assert_allclose(found.numpy(), recorded["z1"], atol=1e-5)


def test_fixed_positions_have_no_gradient_and_a_class_token_at_no_place():
    model = Vit(TINY, grid=(3, 3), positions="sin_cos")
    assert not model.pos_embed.requires_grad
    assert (model.pos_embed[:, 0] == 0).all()


def test_a_factor_of_one_per_branch_changes_nothing():
    torch.manual_seed(0)
    plain = Vit(TINY, grid=(2, 2)).eval()
    scaled = Vit(TINY, grid=(2, 2), layer_scale=1.0).eval()
    scaled.load_state_dict(plain.state_dict(), strict=False)
    image = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(plain(image)[0], scaled(image)[0])


def test_layers_name_every_parameter_but_those_of_the_head():
    from rgbtbench.training.patterns import matches_any

    model = torch.nn.ModuleDict({"encoder": Vit(TINY, grid=(2, 2))})
    layers = vit_layers("encoder", TINY.depth)
    assert len(layers) == TINY.depth + 1
    for name, _ in model.named_parameters():
        of = [number for number, patterns in enumerate(layers) if matches_any(patterns, name)]
        if name.startswith("encoder.norm"):
            assert of == []
        elif ".blocks." in name:
            assert of == [1 + int(name.split(".")[2])]
        else:
            assert of == [0]
