from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from rgbtbench.errors import RecipeError
from rgbtbench.zoo.m_specgene import MSpecGene
from rgbtbench.zoo.m_specgene.cmss import normalised, patch_cmss
from rgbtbench.zoo.m_specgene.selection import complementary_patches, hidden_patches
from rgbtbench.zoo.parts.patches import standardised, to_image, to_patches
from rgbtbench.zoo.registry import build, build_from, resolve
from rgbtbench.zoo.weights import convert, published_names

from ..batches import make_batch, random_images
from ..references import GOLDEN, needs_references
from .golden import golden, needs_golden

#: Of the recorded small network.
TINY = {
    "encoder": {"width": 32, "depth": 2, "heads": 4, "mlp_ratio": 2},
    "decoder": {"width": 16, "depth": 2, "heads": 2, "mlp_ratio": 2},
    "masking": {"name": "gmm_cmss", "mask_ratio": 0.75, "variance": "thermal_squared"},
    "preprocess": {"size": [64, 64]},
}


def of(**config):
    return resolve("m_specgene", config, task="pretraining", classes={})


def tiny(**changes) -> MSpecGene:
    torch.manual_seed(0)
    return build("m_specgene", TINY | changes, task="pretraining", classes={})


def published_shapes() -> dict[str, tuple[int, ...]]:
    shapes = json.loads((GOLDEN / "models" / "keys" / "keys_pretrain_vitb.json").read_text())
    return {key: tuple(shape) for key, shape in shapes.items()}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """The authors' small network, through the converter, and what it computed."""
    said = golden("tiny_pretrain")
    folder = tmp_path_factory.mktemp("tiny")
    state = {key.removeprefix("sd/"): torch.from_numpy(said[key]) for key in said.files if key.startswith("sd/")}
    torch.save({"meta": {}, "state_dict": state}, folder / "source.pth")
    info = convert(folder / "source.pth", folder / "converted.safetensors", spec=of(**TINY))
    assert info.conversion.dropped == info.conversion.completed == ()
    from rgbtbench.zoo.load import load_model

    return load_model(folder / "converted.safetensors"), said


@needs_golden
def test_tokens_cmss_reconstructions_and_losses_are_those_of_the_authors_code(recorded):
    model, said = recorded
    image = torch.from_numpy(said["input"])
    images = {"thermal": image[:, :3], "rgb": image[:, 3:]}
    with torch.no_grad():
        tokens = model.tokens(images)
        cmss = normalised(patch_cmss(*tokens, variance="thermal_squared"))
        np.testing.assert_allclose(cmss, said["cmss"], rtol=1e-5, atol=1e-6)
        values = tuple(torch.from_numpy(said[f"noise{number}"]) for number in (1, 2))
        counts = tuple(said[f"z{number}"].shape[1] - 1 for number in (1, 2))
        visible = complementary_patches(cmss, values, counts)
        predicted = model.reconstruct(tokens, visible)
        for number, (slot, seen, pixels) in enumerate(zip(images, visible, predicted, strict=True), start=1):
            hidden = hidden_patches(seen, 16)
            np.testing.assert_array_equal(hidden, said[f"mask{number}"] == 1)
            np.testing.assert_allclose(pixels, said[f"pred{number}"], rtol=1e-5, atol=1e-5)
            errors = (pixels - standardised(to_patches(images[slot], 16))).square().mean(dim=-1)
            assert errors[hidden].mean().item() == pytest.approx(float(said[f"loss{number}"]), rel=1e-5)
        whole = model.encoder(images["thermal"])[0]
        np.testing.assert_allclose(whole, said["feat_raw"], rtol=1e-5, atol=1e-5)


@needs_references
def test_every_tensor_of_the_released_checkpoint_has_its_place():
    with torch.device("meta"):
        model = build_from(of())
    own, theirs = model.state_dict(), published_shapes()
    renamed = published_names("m_specgene", own, theirs)
    assert set(renamed) == set(own)
    assert set(renamed.values()) == set(theirs)
    assert len(theirs) == 290
    assert {ours: tuple(tensor.shape) for ours, tensor in own.items()} == {
        ours: theirs[key] for ours, key in renamed.items()
    }
    assert sum(parameter.numel() for parameter in model.parameters()) == 119_100_672
    assert sum(parameter.numel() for parameter in model.encoder.parameters()) == 85_798_656


def test_patches_hold_their_pixels_row_by_row_with_channels_fastest_and_become_the_image_again():
    image = torch.arange(2 * 3 * 4 * 6).view(2, 3, 4, 6).float()
    patches = to_patches(image, 2)
    assert patches.shape == (2, 6, 12)
    assert patches[0, 4].tolist() == [
        image[0, channel, row, column].item() for row in (2, 3) for column in (2, 3) for channel in range(3)
    ]
    assert torch.equal(to_image(patches, (2, 3), 2), image)


def test_hidden_pixels_are_not_looked_at():
    model = tiny().eval()
    batch = make_batch(random_images(2, 64, 64))
    images = model.images(batch)
    visible = model.fixed_visible(batch)
    changed = {}
    for slot, seen in zip(images, visible, strict=True):
        patches = to_patches(images[slot], 16)
        hidden = hidden_patches(seen, 16)
        changed[slot] = to_image(torch.where(hidden[:, :, None], patches + 1, patches), (4, 4), 16)
    with torch.no_grad():
        before, after = (model.reconstruct(model.tokens(one), visible) for one in (images, changed))
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(one, other)


def test_the_other_modality_is_looked_at_through_cross_attention_alone():
    batch = make_batch(random_images(1, 64, 64))
    for crosses in (True, False):
        model = tiny(cross_attention=crosses).eval()
        tokens, visible = model.tokens(model.images(batch)), model.fixed_visible(batch)
        with torch.no_grad():
            thermal, rgb = model.reconstruct(tokens, visible)
            other_thermal, other_rgb = model.reconstruct((tokens[0], tokens[1] + 1), visible)
        assert torch.equal(thermal, other_thermal) is not crosses
        assert not torch.equal(rgb, other_rgb)


def test_losses_of_evaluation_depend_on_the_valid_samples_alone():
    model = tiny().eval()
    images = random_images(2, 64, 64)
    with torch.no_grad():
        one = model(make_batch({name: image[:1] for name, image in images.items()}))
        padded = model(make_batch(images, valid=[True, False]))
        again = model(make_batch(images, valid=[True, False]))
    for name in one:
        torch.testing.assert_close(one[name], padded[name])
        assert torch.equal(padded[name], again[name])


def test_it_predicts_nothing_and_says_what_to_do():
    with pytest.raises(RecipeError, match=r"predicts nothing.*initial_weights"):
        tiny().predict(make_batch(random_images(1, 64, 64)))


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"preprocess": {"size": [100, 64]}}, "multiples of 16"),
        ({"preprocess": {"size": None}}, "multiples of 16"),
        ({"decoder": {"width": 12, "depth": 1, "heads": 5}}, "5 heads"),
        ({"masking": {"name": "gmm_cmss", "mask_ratio": 0.97}}, "largest_ratio"),
        ({"masking": {"name": "shared", "mask_ratio": 0.999}}, "no patch visible"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(config, said):
    with pytest.raises(RecipeError, match=said):
        of(**config)


def test_it_starts_from_the_published_encoder_of_mae():
    from rgbtbench.zoo.encoders import encoder

    with torch.device("meta"):
        model = build_from(of())
    taken = model.encoder_state("mae_vit_b", encoder("mae_vit_b").state())
    own = {key: tensor.shape for key, tensor in model.state_dict().items() if key.startswith("encoder.")}
    assert {key: tensor.shape for key, tensor in taken.items()} == own
    with pytest.raises(RecipeError, match="mae_vit_l"):
        model.encoder_state("mae_vit_l", {})


@pytest.mark.parametrize("name", ["gmm_cmss", "independent", "gaussian"])
def test_a_snapshot_moves_neither_state_nor_chance(name):
    model = tiny(masking={"name": name, "mask_ratio": 0.75})
    batch = make_batch(random_images(2, 64, 64))
    model(batch)
    state, chance = model.training_state(), torch.get_rng_state()
    first, second = model.snapshot(batch, 1), model.snapshot(batch, 1)
    assert model.training_state() == state
    assert torch.equal(torch.get_rng_state(), chance)
    np.testing.assert_array_equal(first.slots["thermal"].hidden, second.slots["thermal"].hidden)
    assert first.slots["thermal"].hidden.sum(axis=(1, 2)).tolist() == [12, 12]
