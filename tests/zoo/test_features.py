from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import cast

import numpy as np
import pytest
import torch

from rgbtbench.errors import RecipeError
from rgbtbench.features.extract import extract
from rgbtbench.features.folder import FeatureFolder
from rgbtbench.features.pairs import ImagePair
from rgbtbench.loading.prepared import open_split
from rgbtbench.matching.evaluate import match
from rgbtbench.zoo import encoders
from rgbtbench.zoo.encoder_weights import convert_encoder
from rgbtbench.zoo.encoders import Encoder, encoder
from rgbtbench.zoo.features import describing_model, network_features
from rgbtbench.zoo.parts.vit import VIT_SIZES, Vit, VitName, VitSize
from rgbtbench.zoo.registry import build
from rgbtbench.zoo.weights import save_weights
from tests.loading.tiny import prepare_tiny

from .batches import make_batch, random_images
from .references import recipe_tensor

SMALL = {
    "encoder": {"width": 32, "depth": 2, "heads": 4},
    "decoder": {"width": 16, "depth": 1, "heads": 2},
    "preprocess": {"size": [64, 64]},
}
ALIGNED = "matching/aligned-480x640"


@pytest.fixture(scope="module")
def model():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return build("m_specgene", SMALL, task="pretraining", classes={}).eval()


def pairs(count: int) -> list[ImagePair]:
    draw = np.random.default_rng(0)
    return [
        ImagePair(
            f"key-{number}",
            (48, 64),
            {
                "rgb": draw.integers(0, 256, (48, 64, 3), np.uint8),
                "lwir": draw.integers(0, 65536, (24, 32, 1), np.uint16),
            },
        )
        for number in range(count)
    ]


def test_features_are_the_tokens_of_the_encoder_without_the_class_token(model):
    batch = make_batch(random_images(2, 64, 64))
    with torch.no_grad():
        found = model.features(batch)
        tokens, grid = model.encoder(model.images(batch)["thermal"])
    assert found["lwir"].shape == found["rgb"].shape == (2, 32, *grid) == (2, 32, 4, 4)
    assert torch.equal(found["lwir"].flatten(2).transpose(1, 2), tokens[:, 1:])


def test_features_of_one_image_do_not_depend_on_the_other(model):
    images = random_images(1, 64, 64)
    changed = images | {"lwir": 255 - images["lwir"]}
    with torch.no_grad():
        one, other = model.features(make_batch(images)), model.features(make_batch(changed))
    assert torch.equal(one["rgb"], other["rgb"])
    assert not torch.equal(one["lwir"], other["lwir"])


def test_the_same_picture_has_the_same_features_in_both_cameras(model):
    grey = random_images(1, 64, 64)["lwir"]
    with torch.no_grad():
        found = model.features(make_batch({"rgb": grey.expand(-1, 3, -1, -1), "lwir": grey}))
    assert torch.allclose(found["rgb"], found["lwir"], atol=1e-6)


def test_another_size_gives_another_grid(model):
    with torch.no_grad():
        found = model.features(make_batch(random_images(1, 64, 64)), (96, 128))
    assert found["rgb"].shape == (1, 32, 6, 8)
    with pytest.raises(RecipeError, match="an input of 100x128; expected height and width in multiples of 16"):
        model.features(make_batch(random_images(1, 64, 64)), (100, 128))


def test_a_pair_is_described_alike_alone_and_among_others(model):
    describe = network_features(model, dataset="tiny")
    several = pairs(3)
    together = describe(several)
    for pair, features in zip(several, together, strict=True):
        (alone,) = describe([pair])
        for modality, grid in features.items():
            assert grid.shape == (32, 4, 4)
            assert np.allclose(grid, alone[modality], atol=1e-5)


def test_weights_are_described_and_matched(model, tmp_path):
    save_weights(model, tmp_path / "model.safetensors")
    data = prepare_tiny(tmp_path)
    out = extract(
        str(tmp_path / "model.safetensors"), data, "test", tmp_path / "out", protocol=ALIGNED, input_size=(96, 128)
    )
    folder = FeatureFolder(out, open_split(data, "test").keys)
    assert folder.info.source == "m_specgene"
    assert folder.info.input_size == (96, 128)
    assert folder.info.weights_sha256 is not None
    result = match(ALIGNED, out, data)
    assert 0 < result.metrics["matches"] <= 48


def test_an_encoder_alone_describes_images_as_the_network_around_it_does(tmp_path, monkeypatch):
    size = VitSize(24, 2, 2, 2)
    small = replace(encoder("mae_vit_s"), build=partial(Vit, size, grid=(14, 14), positions="sin_cos"))
    monkeypatch.setitem(cast("dict[str, Encoder]", encoders.ENCODERS), "mae_vit_s", small)
    monkeypatch.setitem(cast("dict[VitName, VitSize]", VIT_SIZES), "vit_s", size)
    state = {key: recipe_tensor(key, tuple(tensor.shape)) for key, tensor in small.state().items()}
    torch.save({"model": state}, tmp_path / "mae.pth")
    convert_encoder(tmp_path / "mae.pth", tmp_path / "mae.safetensors", name="mae_vit_s")
    model, name = describing_model(tmp_path / "mae.safetensors")
    assert name == "mae_vit_s"
    alone = small.build()
    alone.load_state_dict(state)
    batch = make_batch(random_images(1, 224, 224))
    with torch.no_grad():
        tokens, grid = alone(model.images(batch)["rgb"])
        found = model.features(batch)["rgb"]
    torch.testing.assert_close(found, tokens[:, 1:].transpose(1, 2).unflatten(2, grid))


def test_an_encoder_of_another_kind_is_refused(tmp_path):
    torch.save(
        {"state_dict": {key: torch.zeros(t.shape) for key, t in encoder("mit_b0").state().items()}}, tmp_path / "b0.pth"
    )
    convert_encoder(tmp_path / "b0.pth", tmp_path / "b0.safetensors", name="mit_b0")
    with pytest.raises(
        RecipeError, match="mit_b0 does not give features of each image by itself; expected a ViT of MAE"
    ):
        describing_model(tmp_path / "b0.safetensors")


def test_a_method_that_mixes_its_cameras_is_refused(tmp_path):
    save_weights(
        build("mfnet", {}, task="semantic", classes={0: "unlabeled", 1: "car"}), tmp_path / "mfnet.safetensors"
    )
    with pytest.raises(RecipeError, match="mfnet does not give features of each image by itself"):
        extract(str(tmp_path / "mfnet.safetensors"), prepare_tiny(tmp_path), "test", tmp_path / "out")
