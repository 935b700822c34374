"""One MFNet in all ways in which images may be given."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rgbtbench
from rgbtbench.errors import InputFileError, RecipeError, UserError, WeightsError
from rgbtbench.formats.write_image import write_image
from rgbtbench.zoo.ready import ReadyModel
from rgbtbench.zoo.weights import save_weights

from .batches import varied_mfnet

SIZE = (45, 67)


@pytest.fixture(scope="module")
def pair():
    """A photograph and a thermal image of a size that no stride divides."""
    draw = np.random.default_rng(0)
    return {
        "rgb": draw.integers(0, 256, (*SIZE, 3), dtype=np.uint8),
        "lwir": draw.integers(0, 256, SIZE, dtype=np.uint8),
    }


@pytest.fixture(scope="module")
def network():
    return varied_mfnet({0: "unlabeled", 3: "car", 7: "person"})


@pytest.fixture(scope="module")
def model(network):
    return ReadyModel(network)


def test_files_arrays_and_tensors_are_the_same_images(model, pair, tmp_path):
    for name, pixels in pair.items():
        write_image(tmp_path / f"{name}.png", pixels)
    expected = model(**pair).mask
    assert expected.shape == SIZE
    assert set(np.unique(expected)) <= {0, 3, 7}
    assert len(np.unique(expected)) > 1
    files = {name: tmp_path / f"{name}.png" for name in pair}
    tensors = {"rgb": torch.from_numpy(pair["rgb"]).permute(2, 0, 1), "lwir": torch.from_numpy(pair["lwir"])}
    with_alpha = {"rgb": np.dstack([pair["rgb"], np.full(SIZE, 9, np.uint8)]), "lwir": pair["lwir"][..., None]}
    for images in (files, {name: str(path) for name, path in files.items()}, tensors, with_alpha):
        assert np.array_equal(model(**images).mask, expected)


@pytest.mark.filterwarnings("error")
def test_arrays_that_nobody_may_write_to_are_images_too(model, pair):
    fixed = {name: pixels.copy() for name, pixels in pair.items()}
    for pixels in fixed.values():
        pixels.setflags(write=False)
    assert np.array_equal(model(**fixed).mask, model(**pair).mask)


def test_other_depths_are_scaled_to_the_same_range(model, pair):
    deep = {name: pixels.astype(np.uint16) * 257 for name, pixels in pair.items()}
    assert np.array_equal(model(**deep).mask, model(**pair).mask)


def test_a_modality_of_another_resolution_is_brought_to_the_frame_of_the_first(model, pair):
    assert model(rgb=pair["rgb"], lwir=pair["lwir"][::2, ::2]).mask.shape == SIZE


def test_zeros_stand_in_for_a_modality_that_is_not_given(model, network, pair):
    nothing = np.zeros_like(pair["lwir"])
    assert np.array_equal(model(rgb=pair["rgb"]).mask, model(rgb=pair["rgb"], lwir=nothing).mask)
    assert model(lwir=pair["lwir"]).mask.shape == SIZE
    assert model.without("lwir") == "lwir is not given: zeros after normalisation stand in for it"


def test_a_method_that_does_without_is_told_what_is_absent(network, pair, monkeypatch):
    seen = []
    monkeypatch.setattr(type(network), "takes_absent", True)
    monkeypatch.setattr(network, "predict", lambda batch: seen.append(batch) or ["prediction"])
    model = ReadyModel(network)
    assert model(rgb=pair["rgb"]) == "prediction"
    assert seen[0].present["rgb"].tolist() == [True]
    assert seen[0].present["lwir"].tolist() == [False]
    assert seen[0].zeroed == {}
    assert model.without("lwir") == "lwir is not given: the method does without it"


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        ({}, RecipeError, "no image; expected at least one of rgb, lwir"),
        ({"nir": np.zeros(SIZE, np.uint8)}, RecipeError, "the model is fed rgb, lwir, and not nir"),
        ({"rgb": np.zeros((2, *SIZE, 3), np.uint8)}, InputFileError, "rgb: uint8 of shape 2x45x67x3"),
        ({"lwir": np.zeros(SIZE, np.int64)}, InputFileError, "lwir: int64"),
        ({"lwir": np.full(SIZE, np.nan, np.float32)}, InputFileError, "lwir: holds values that are no numbers"),
        ({"rgb": "nowhere.png"}, InputFileError, r"nowhere\.png: rgb: no such file.*check its name"),
    ],
)
def test_what_is_no_image_is_said(model, images, error, message):
    with pytest.raises(error, match=message):
        model(**images)


def test_weights_are_loaded_by_the_name_of_their_method(network, pair, tmp_path):
    save_weights(network, tmp_path / "w.safetensors")
    loaded = rgbtbench.load_model("mfnet", tmp_path / "w.safetensors", device="cpu")
    assert loaded.modalities == ("rgb", "lwir")
    assert np.array_equal(loaded(**pair).mask, ReadyModel(network)(**pair).mask)
    with pytest.raises(WeightsError, match="weights of mfnet, and not of rtfnet"):
        rgbtbench.load_model("rtfnet", tmp_path / "w.safetensors")
    with pytest.raises(UserError):
        rgbtbench.load_model("mfnet", tmp_path / "nothing.safetensors")
