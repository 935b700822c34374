"""Merging several views of an image, held to loops that follow the two conventions word by word."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from rgbtbench.cards.inference import Inference, read_inference
from rgbtbench.errors import PredictionError, RecipeError
from rgbtbench.loading.prepared import open_split
from rgbtbench.predictions.members import read_sidecar
from rgbtbench.zoo.augmented import Augmented, predictor
from rgbtbench.zoo.predict import predict_split
from rgbtbench.zoo.preprocess import Preprocess
from rgbtbench.zoo.registry import build
from rgbtbench.zoo.segmentation import SegmentationModel
from rgbtbench.zoo.spec import ModelSpec

from .batches import make_batch, random_images

BLOBS = {0: "background", 1: "lamp", 4: "person"}
CLASSES = len(BLOBS)


class Network(SegmentationModel):
    """Says of each pixel whatever a function of the images says."""

    def __init__(self, function, **rules) -> None:
        spec = ModelSpec(
            method="mfnet", task="semantic", config={}, inputs={"rgb": "rgb", "inf": "lwir"}, classes=BLOBS
        )
        super().__init__(spec, preprocess=Preprocess(**rules), channels={"rgb": 3, "inf": 1})
        self.function = function

    def logits(self, images: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return self.function(images)


def uneven(images):
    """Depend on neighbours and on the place in the crop, so that crops, scales and mirror images all differ."""
    pixels = torch.cat([images["rgb"][:, :2], images["inf"]], dim=1)
    ramp = torch.linspace(0, 2, pixels.shape[-1]) + torch.linspace(0, 1, pixels.shape[-2])[:, None]
    return 4 * F.avg_pool2d(pixels, 3, stride=1, padding=1) + ramp * torch.tensor([1.0, -1, 0.5])[:, None, None]


def starts(length, window):
    """Follow mmsegmentation: a grid of whole strides, the last moved back inside."""
    step = -(-window * 2 // 3)
    grids = max(length - window + step - 1, 0) // step + 1
    return [max(min(number * step + window, length) - window, 0) for number in range(grids)]


def crops(image, window):
    height, width = image["rgb"].shape[-2:]
    for top in starts(height, window[0]):
        for left in starts(width, window[1]):
            rows, columns = slice(top, top + window[0]), slice(left, left + window[1])
            yield (..., rows, columns)


def resized(image, size):
    return F.interpolate(image, size, mode="bilinear", align_corners=False)


def mirrored(image):
    return {slot: pixels.flip(-1) for slot, pixels in image.items()}


def as_mmsegmentation(function, image, scales, window, frame):
    """Average the softmax of every whole view; windows of a view share a pixel by the mean of logits."""
    found = []
    for scale in scales:
        scaled = {
            slot: resized(x, (int(frame[0] * scale + 0.5), int(frame[1] * scale + 0.5))) for slot, x in image.items()
        }
        for flipped in (False, True):
            view = mirrored(scaled) if flipped else scaled
            total = torch.zeros((1, CLASSES, *view["rgb"].shape[-2:]))
            count = torch.zeros_like(total)
            for place in crops(view, window):
                total[place] += function({slot: x[place] for slot, x in view.items()})
                count[place] += 1
            logits = resized(total / count, frame)
            found.append((logits.flip(-1) if flipped else logits).softmax(dim=1))
    return torch.stack(found).mean(dim=0)


def as_cmx(function, image, scales, window, frame):
    """Sum exp of the summed logits of each window and its mirror image, over windows and scales."""
    result = torch.zeros((1, CLASSES, *frame), dtype=torch.float64)
    for scale in scales:
        view = {
            slot: resized(x, (int(frame[0] * scale + 0.5), int(frame[1] * scale + 0.5))) for slot, x in image.items()
        }
        total = torch.zeros((1, CLASSES, *view["rgb"].shape[-2:]), dtype=torch.float64)
        for place in crops(view, window):
            crop = {slot: x[place] for slot, x in view.items()}
            total[place] += torch.exp((function(crop) + function(mirrored(crop)).flip(-1)).double())
        result += resized(total, frame)
    return result


@pytest.mark.parametrize("per_pass", [1, 3, 64])
@pytest.mark.parametrize(("merge", "literal"), [("mean_softmax", as_mmsegmentation), ("sum_exp", as_cmx)])
def test_scales_mirror_images_and_windows_equal_a_plain_loop_over_samples(merge, literal, per_pass):
    scales, window, frame = (0.5, 1.0, 1.25), (10, 12), (17, 23)
    images = random_images(2, *frame, seed=5)
    views = Inference(scales=scales, flip=True, window=window, stride=Fraction(2, 3), merge=merge)
    found = Augmented(Network(uneven), views, per_pass).scores(make_batch(images))
    for row in range(2):
        image = {"rgb": images["rgb"][row : row + 1] / 255, "inf": images["lwir"][row : row + 1] / 255}
        expected = literal(uneven, image, scales, window, frame)
        ours = found[row : row + 1].exp()
        torch.testing.assert_close(
            ours / ours.sum(1, keepdim=True),
            (expected / expected.sum(1, keepdim=True)).to(ours.dtype),
            rtol=1e-4,
            atol=1e-6,
        )


def test_the_two_conventions_are_not_the_same():
    batch = make_batch(random_images(1, 17, 23, seed=5))
    found = [
        Augmented(Network(uneven), Inference(scales=(0.5, 1), flip=True, merge=merge), 8).scores(batch).softmax(1)
        for merge in ("mean_softmax", "sum_exp")
    ]
    assert float((found[0] - found[1]).abs().max()) > 1e-3


def test_a_pixel_merges_as_worked_by_hand():
    """Logits (0, ln 3) at one scale and (ln 2, 0) at the other: probabilities (1/4, 3/4) and (2/3, 1/3)."""

    def says(images):
        height, width = images["rgb"].shape[-2:]
        logits = (0.0, np.log(3.0)) if (height, width) == (4, 4) else (np.log(2.0), 0.0)
        return torch.tensor([*logits, -200.0]).view(1, 3, 1, 1).expand(1, 3, height, width)

    batch = make_batch(random_images(1, 4, 4))
    mean = Augmented(Network(says), Inference(scales=(1, 0.5)), 8).scores(batch).softmax(1)[0, :2, 0, 0]
    assert mean.tolist() == pytest.approx([(1 / 4 + 2 / 3) / 2, (3 / 4 + 1 / 3) / 2], abs=1e-6)
    summed = Augmented(Network(says), Inference(scales=(1, 0.5), merge="sum_exp"), 8).scores(batch).exp()[0, :2, 0, 0]
    assert summed.tolist() == pytest.approx([1 + 2, 3 + 1])
    # With the mirror image, which says the same, logits double before exp.
    both = Augmented(Network(says), Inference(scales=(1, 0.5), flip=True, merge="sum_exp"), 8).scores(batch).exp()
    assert both[0, :2, 0, 0].tolist() == pytest.approx([1 + 4, 9 + 1])


def test_windows_that_overlap_weigh_more_in_the_sum_of_exp_alone():
    def constant(images):
        return torch.tensor([0.0, 1.0, 2.0]).view(1, 3, 1, 1).expand(len(images["rgb"]), 3, *images["rgb"].shape[-2:])

    batch = make_batch(random_images(1, 2, 5))
    views = Inference(window=(2, 3), stride=Fraction(2, 3))
    mean = Augmented(Network(constant), views, 8).scores(batch)
    assert torch.equal(mean, mean[..., :1, :1].expand_as(mean))
    summed = Augmented(Network(constant), replace(views, merge="sum_exp"), 8).scores(batch).exp()
    assert (summed[0, 0, 0] / summed[0, 0, 0, 0]).tolist() == pytest.approx([1, 1, 2, 1, 1])


@pytest.mark.parametrize("merge", ["mean_softmax", "sum_exp"])
def test_the_mirror_image_of_the_input_gives_the_mirror_image_of_the_answer(merge):
    images = random_images(1, 12, 15, seed=2)
    views = Augmented(Network(uneven), Inference(scales=(0.75, 1), flip=True, merge=merge), 8)
    straight = views.scores(make_batch(images))
    turned = views.scores(make_batch({name: image.flip(-1) for name, image in images.items()}))
    torch.testing.assert_close(turned.flip(-1), straight, rtol=0, atol=1e-5)
    plain = Augmented(Network(uneven), Inference(scales=(0.75, 1)), 8)
    unlike = plain.scores(make_batch({name: image.flip(-1) for name, image in images.items()})).flip(-1)
    assert float((unlike - plain.scores(make_batch(images))).abs().max()) > 0.1


@pytest.mark.parametrize("merge", ["mean_softmax", "sum_exp"])
def test_one_view_without_overlap_is_what_the_model_says_itself(merge):
    """The stride of the network does not divide the image: each window is padded as the image would be."""
    batch = make_batch(random_images(2, 20, 30, seed=4), size=(40, 60), content=(20, 30))
    model = build("mfnet", {}, task="semantic", classes=BLOBS).eval()
    with torch.inference_mode():
        expected = model.predict(batch)
        found = Augmented(model, Inference(window=(64, 64), merge=merge), 8)(batch)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.key == theirs.key
        # Resizing comes after exp in one convention and before it in the other: borders move by a pixel.
        assert (ours.mask == theirs.mask).mean() > (0.999 if merge == "mean_softmax" else 0.95)


def test_padding_and_samples_of_other_sizes_change_nothing():
    wide, tall = random_images(1, 10, 24, seed=6), random_images(1, 20, 12, seed=7)
    images = {
        name: torch.cat([F.pad(wide[name], (0, 0, 0, 10), value=77), F.pad(tall[name], (0, 12), value=99)])
        for name in ("rgb", "lwir")
    }
    mask = torch.zeros((2, 20, 24), dtype=torch.bool)
    mask[0, :10], mask[1, :, :12] = True, True
    mixed = replace(make_batch(images), pixel_mask=mask, sizes=torch.tensor([[10, 24], [20, 12]]))
    views = Augmented(Network(uneven), Inference(scales=(0.5, 1), flip=True), 8)
    for predict in (views, Network(uneven).predict):
        together = {prediction.key: prediction.mask for prediction in predict(mixed)}
        for key, alone in (("sample-0", wide), ("sample-1", tall)):
            (expected,) = predict(make_batch(alone))
            assert np.array_equal(together[key], expected.mask)


def test_samples_that_only_fill_up_a_batch_are_not_predicted():
    batch = make_batch(random_images(3, 8, 8), valid=[True, False, True])
    found = Augmented(Network(uneven), Inference(flip=True), 8)(batch)
    assert [prediction.key for prediction in found] == ["sample-0", "sample-2"]


def test_logits_beyond_what_exp_can_hold_are_named_and_never_scored():
    views = Augmented(Network(lambda images: uneven(images) + 800), Inference(flip=True, merge="sum_exp"), 8)
    with pytest.raises(PredictionError, match=r"scores of sample-0 are not finite.*below 350"):
        views(make_batch(random_images(1, 8, 8)))


def test_detectors_refuse_with_the_reason(blobs, tmp_path):
    model = build("two_stream_fcos", {}, task="detection", classes={1: "lamp", 4: "person"})
    with pytest.raises(RecipeError, match=r"flip\+mean_softmax: two_stream_fcos \(detection\) gives no class logits"):
        predict_split(model, open_split(blobs, "test"), tmp_path / "out", inference=Inference(flip=True))
    assert not (tmp_path / "out").exists()
    assert predictor(model, Inference(), per_pass=1) == model.predict


def test_the_sidecar_names_the_views_and_nothing_where_there_is_one(blobs, tmp_path):
    model = build("mfnet", {}, task="semantic", classes=BLOBS)
    views = read_inference(scales="0.5,1", flip=True, window="32x48", merge="sum_exp")
    for name, inference in (("views", views), ("plain", None)):
        predict_split(model, open_split(blobs, "test"), tmp_path / name, inference=inference)
    told = "scales:0.5,1+flip+window:32x48+stride:2/3+sum_exp"
    assert read_sidecar(tmp_path / "views").test_time_augmentation == told
    assert read_sidecar(tmp_path / "plain").test_time_augmentation == "none"
