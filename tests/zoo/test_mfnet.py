from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
import torch

from rgbtbench.errors import RecipeError
from rgbtbench.zoo.registry import build

from .batches import make_batch, random_images
from .references import GOLDEN, SHARED, needs_references, outputs, published_keys, recipe_state

NINE = {index: f"class {index}" for index in range(9)}


def four_channels(image: np.ndarray) -> dict[str, torch.Tensor]:
    tensor = torch.from_numpy(image.astype(np.float32))
    return {"rgb": tensor[:, :3], "inf": tensor[:, 3:]}


@needs_references
def test_names_shapes_and_order_are_the_published_ones():
    model = build("mfnet", {}, task="semantic", classes=NINE)
    assert {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()} == published_keys("mfnet")
    assert list(model.state_dict()) == list(published_keys("mfnet"))


@needs_references
def test_logits_of_recipe_weights_agree_with_the_authors_code():
    model = build("mfnet", {}, task="semantic", classes=NINE).eval()
    model.load_state_dict(recipe_state("mfnet"))
    image = np.random.default_rng(11).standard_normal((1, 4, 96, 128))
    with torch.no_grad():
        logits = model.logits(four_channels(image)).numpy()
    expected = outputs("cnn")["mfnet_logits"]
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)


def test_it_has_as_many_parameters_as_the_authors_report():
    model = build("mfnet", {}, task="semantic", classes=NINE)
    assert sum(parameter.numel() for parameter in model.parameters()) == 736_275


@pytest.mark.parametrize("streams", [["rgb"], ["inf"]])
def test_one_stream_has_a_narrower_decoder_and_reads_one_modality(streams):
    both = build("mfnet", {}, task="semantic", classes=NINE)
    one = build("mfnet", {"streams": streams}, task="semantic", classes=NINE)
    assert list(one.spec.inputs) == streams
    assert one.decode4.conv.weight.numel() < both.decode4.conv.weight.numel()
    assert one(make_batch(random_images(2, 32, 48), semantic=torch.ones((2, 32, 48), dtype=torch.int64)))


def test_an_unknown_stream_is_refused():
    with pytest.raises(RecipeError, match=r"model\.config\.streams.*found 'nir'"):
        build("mfnet", {"streams": ["nir"]}, task="semantic", classes=NINE)


def test_the_loss_ignores_what_is_hidden_padded_or_only_fills_the_batch():
    model = build("mfnet", {}, task="semantic", classes={0: "a", 3: "b", 7: "c"}).eval()
    images = random_images(2, 32, 48)
    labels = torch.from_numpy(np.random.default_rng(0).choice([0, 3, 7], (2, 32, 48)))
    hidden = labels.clone()
    hidden[1] = 0
    hidden[0, 20:] = 255
    with torch.no_grad():
        logits = model.logits({"rgb": images["rgb"] / 255, "inf": images["lwir"] / 255})[0, :, :20]
        loss = model(make_batch(images, semantic=hidden, valid=[True, False]))["cross_entropy"]
    chances = logits.double().softmax(0).numpy()
    index = {0: 0, 3: 1, 7: 2}
    by_hand = [-np.log(chances[index[int(labels[0, y, x])], y, x]) for y in range(20) for x in range(48)]
    assert float(loss) == pytest.approx(np.mean(by_hand), rel=1e-5)


def test_class_weights_are_those_of_torch():
    classes, weights = {0: "a", 3: "b", 7: "c"}, {"c": 5.0, "a": 0.5}
    torch.manual_seed(0)
    model = build("mfnet", {"class_weights": weights}, task="semantic", classes=classes).eval()
    images = random_images(1, 32, 48)
    indices = torch.from_numpy(np.random.default_rng(0).integers(0, 3, (1, 32, 48)))
    with torch.no_grad():
        loss = model(make_batch(images, semantic=torch.tensor([0, 3, 7])[indices]))["cross_entropy"]
        logits = model.logits({"rgb": images["rgb"] / 255, "inf": images["lwir"] / 255})
    expected = torch.nn.functional.cross_entropy(logits, indices, weight=torch.tensor([0.5, 1.0, 5.0]))
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_weight_for_a_class_that_does_not_exist_names_the_closest():
    with pytest.raises(RecipeError, match=r"class_weights: no class 'class 10'; did you mean class 1"):
        build("mfnet", {"class_weights": {"class 10": 2.0}}, task="semantic", classes=NINE)


def test_a_batch_without_a_labelled_pixel_gives_a_finite_loss_and_gradient():
    model = build("mfnet", {}, task="semantic", classes=NINE)
    loss = model(make_batch(random_images(2, 32, 32), semantic=torch.full((2, 32, 32), 255)))["cross_entropy"]
    loss.backward()
    assert loss.item() == 0
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())


def test_predictions_are_class_ids_in_the_original_frame_of_valid_samples():
    model = build("mfnet", {}, task="semantic", classes={0: "a", 40: "b", 200: "c"}).eval()
    batch = make_batch(random_images(2, 33, 47), content=(30, 40), size=(60, 80), valid=[True, False])
    with torch.no_grad():
        (prediction,) = model.predict(batch)
    assert prediction.key == "sample-0"
    assert prediction.mask.dtype == np.uint8
    assert prediction.mask.shape == (60, 80)
    assert set(np.unique(prediction.mask)) <= {0, 40, 200}


AUTHORS = SHARED / "samples" / "mfnet-authors"


@pytest.mark.skipif(not (AUTHORS / "final.pth").is_file(), reason="the authors' checkpoint is not on this machine")
@needs_references
class TestTheAuthorsCheckpoint:
    @pytest.fixture(scope="class")
    def model(self, tmp_path_factory):
        from rgbtbench.zoo.load import load_model
        from rgbtbench.zoo.registry import resolve
        from rgbtbench.zoo.weights import convert

        out = tmp_path_factory.mktemp("authors") / "mfnet.safetensors"
        info = convert(AUTHORS / "final.pth", out, spec=resolve("mfnet", {}, task="semantic", classes=NINE))
        assert len(info.conversion.completed) == 38
        assert all(key.endswith("num_batches_tracked") for key in info.conversion.completed)
        return load_model(out)

    def test_its_logits_are_those_of_the_authors_code(self, model):
        image = np.random.default_rng(71).random((1, 4, 96, 128))
        with torch.no_grad():
            logits = model.logits(four_channels(image)).numpy()
        expected = outputs("cnn")["mfnet_final_logits"]
        np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)

    @pytest.mark.parametrize("stem", ["01234N", "01477D"])
    def test_it_predicts_the_same_mask_on_original_images(self, model, stem):
        import cv2

        lines = (GOLDEN / "segmentation" / "mfnet_authors_checkpoint.txt").read_text().splitlines()
        records = [json.loads(line) for line in lines if line.startswith('{"file"')]
        expected = next(record for record in records if stem in record["file"])
        bgra = cv2.imread(str(AUTHORS / f"{stem}.png"), cv2.IMREAD_UNCHANGED)
        pixels = torch.from_numpy(bgra[..., [2, 1, 0, 3]]).permute(2, 0, 1)[None]
        with torch.no_grad():
            (prediction,) = model.predict(make_batch({"rgb": pixels[:, :3], "lwir": pixels[:, 3:]}))
        assert np.bincount(prediction.mask.ravel(), minlength=9).tolist() == expected["class_pixels"]
        assert hashlib.sha256(prediction.mask.tobytes()).hexdigest() == expected["argmax_sha256"]
