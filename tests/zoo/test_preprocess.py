from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from rgbtbench.errors import RecipeError
from rgbtbench.loading.batch import content_sizes
from rgbtbench.zoo.preprocess import (
    Normalisation,
    Preprocess,
    in_original_frame,
    network_inputs,
    pad_to_multiple,
    to_frame,
)

from .batches import make_batch, random_images

CHANNELS = {"rgb": 3, "inf": 1}
AS_PUBLISHED = {"rgb": "rgb", "inf": "lwir"}


def test_eight_bits_become_numbers_from_zero_to_one():
    images = {"rgb": torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1)}
    inputs = network_inputs(make_batch(images), Preprocess(), inputs={"rgb": "rgb"}, channels=CHANNELS)
    assert inputs["rgb"].flatten().tolist() == pytest.approx([0.0, 0.2, 1.0])


def test_sixteen_bits_keep_their_depth():
    images = {"lwir": torch.tensor([[[[0, 1, 65535]]]], dtype=torch.uint16)}
    inputs = network_inputs(make_batch(images), Preprocess(), inputs={"inf": "lwir"}, channels=CHANNELS)
    assert inputs["inf"].flatten().tolist() == pytest.approx([0.0, 1 / 65535, 1.0])


def test_a_slot_of_one_channel_takes_the_luminance_of_colour_as_opencv_computes_it():
    import cv2

    rgb = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    batch = make_batch({"rgb": torch.from_numpy(rgb).permute(2, 0, 1)[None]})
    inputs = network_inputs(batch, Preprocess(), inputs={"inf": "rgb"}, channels=CHANNELS)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    assert np.abs(inputs["inf"][0, 0].numpy() * 255 - grey).max() <= 0.51


def test_a_slot_of_three_channels_repeats_a_single_one():
    batch = make_batch(random_images(1, 4, 4))
    inputs = network_inputs(batch, Preprocess(), inputs={"rgb": "lwir"}, channels=CHANNELS)
    assert inputs["rgb"].shape == (1, 3, 4, 4)
    assert torch.equal(inputs["rgb"][:, 0], inputs["rgb"][:, 2])


def test_channels_that_fit_neither_way_are_refused_with_both_numbers():
    batch = make_batch({"event": torch.zeros((1, 5, 4, 4), dtype=torch.uint8)})
    with pytest.raises(RecipeError, match="event has 5 channels and the slot takes 3"):
        network_inputs(batch, Preprocess(), inputs={"rgb": "event"}, channels=CHANNELS)


def test_channels_are_taken_in_the_order_that_the_rules_give():
    pixels = torch.tensor([[10, 20, 30]], dtype=torch.uint8).view(1, 3, 1, 1)
    batch = make_batch({"rgb": pixels, "aolp": torch.tensor([[0.25, -1.0]]).view(1, 2, 1, 1), "lwir": pixels[:, :1]})
    rules = Preprocess(
        channel_order={"bgr": (2, 1, 0), "angle": (0, 1, 0), "grey": (2, 1, 0)},
        normalisation={"bgr": Normalisation(mean=(0.1, 0.0, 0.0), std=(1.0, 1.0, 1.0))},
    )
    wiring = {"bgr": "rgb", "angle": "aolp", "grey": "lwir"}
    inputs = network_inputs(batch, rules, inputs=wiring, channels=dict.fromkeys(wiring, 3))
    assert inputs["bgr"].flatten().tolist() == pytest.approx([30 / 255 - 0.1, 20 / 255, 10 / 255])
    assert inputs["angle"].flatten().tolist() == [0.25, -1.0, 0.25]
    assert inputs["grey"].flatten().tolist() == pytest.approx([10 / 255] * 3)


def test_an_order_that_names_channels_which_are_not_there_is_refused():
    batch = make_batch({"aolp": torch.zeros((1, 2, 1, 1))})
    rules = Preprocess(channel_order={"x": (2, 1, 0)})
    with pytest.raises(RecipeError, match=r"channel_order\.x is \[2, 1, 0\] and aolp has 2 channels"):
        network_inputs(batch, rules, inputs={"x": "aolp"}, channels={"x": 3})


def test_a_modality_that_the_data_lacks_is_named_with_those_it_has():
    with pytest.raises(RecipeError, match=r"inputs\.inf takes 'nir', and the data has lwir, rgb"):
        network_inputs(make_batch(random_images(1, 4, 4)), Preprocess(), inputs={"inf": "nir"}, channels=CHANNELS)


def test_normalisation_follows_the_slot_and_not_the_modality():
    rules = Preprocess(normalisation={"inf": Normalisation(mean=(0.5,), std=(0.25,))})
    images = {"lwir": torch.full((1, 1, 2, 2), 255, dtype=torch.uint8)}
    inputs = network_inputs(make_batch(images), rules, inputs={"rgb": "lwir", "inf": "lwir"}, channels=CHANNELS)
    assert inputs["rgb"].unique().tolist() == [1.0]
    assert inputs["inf"].unique().tolist() == [2.0]


def test_a_modality_of_another_resolution_is_brought_to_the_frame_of_the_labels():
    images = {"rgb": torch.zeros((1, 3, 8, 12), dtype=torch.uint8), "lwir": torch.ones((1, 1, 4, 6), dtype=torch.uint8)}
    inputs = network_inputs(make_batch(images), Preprocess(), inputs=AS_PUBLISHED, channels=CHANNELS)
    assert inputs["inf"].shape == (1, 1, 8, 12)


@pytest.mark.parametrize(("size", "padded"), [((16, 32), (16, 32)), ((17, 31), (32, 32)), ((1, 1), (16, 16))])
def test_padding_lies_below_and_to_the_right(size, padded):
    image = torch.ones((1, 1, *size))
    result = pad_to_multiple(image, 16)
    assert result.shape[-2:] == padded
    assert result.sum() == image.sum()
    assert torch.equal(result[..., : size[0], : size[1]], image)


def test_logits_of_a_padded_and_resized_input_come_back_to_the_batch_frame():
    batch = make_batch(random_images(2, 30, 50))
    rules = Preprocess(size=(60, 100), multiple_of=16)
    inputs = network_inputs(batch, rules, inputs=AS_PUBLISHED, channels=CHANNELS)
    assert inputs["rgb"].shape[-2:] == (64, 112)
    logits = torch.zeros((2, 3, 64, 112))
    logits[..., 60:, :] = logits[..., 100:] = 1e6
    assert to_frame(logits, batch, rules).shape == (2, 3, 30, 50)
    assert to_frame(logits, batch, rules).abs().max() == 0


def test_what_is_padding_in_the_batch_never_reaches_the_original_frame():
    batch = make_batch(random_images(1, 32, 48), content=(20, 30), size=(40, 60))
    assert content_sizes(batch).tolist() == [[20, 30]]
    logits = torch.zeros((2, 32, 48))
    logits[1, 20:] = logits[1, :, 30:] = 9.0
    restored = in_original_frame(logits, content=(20, 30), size=(40, 60))
    assert restored.shape == (2, 40, 60)
    assert restored.argmax(0).max() == 0


class TestZeros:
    """`Batch.zeroed`, as `missing:<modality>/zero_norm` sets it."""

    RULES = Preprocess(normalisation={"rgb": Normalisation(mean=(0.5, 0.4, 0.3), std=(0.2, 0.2, 0.1))}, multiple_of=8)

    def inputs(self, batch, **shares):
        told = replace(batch, zeroed={name: torch.tensor(share) for name, share in shares.items()})
        return network_inputs(told, self.RULES, inputs=AS_PUBLISHED, channels=CHANNELS)

    def test_zero_after_normalisation_is_the_mean_colour_and_not_black(self):
        batch = make_batch(random_images(2, 12, 16))
        inputs = self.inputs(batch, rgb=[1.0, 0.0])
        as_recorded = self.inputs(batch)
        assert not inputs["rgb"][0].any()
        assert torch.equal(inputs["rgb"][1], as_recorded["rgb"][1])
        assert torch.equal(inputs["inf"], as_recorded["inf"])
        black = self.inputs(make_batch({**batch.images, "rgb": torch.zeros_like(batch.images["rgb"])}))
        assert black["rgb"][0, 0, 0, 0].item() == pytest.approx(-2.5)

    def test_a_share_of_the_elements_is_lost_the_same_ones_in_any_batch(self):
        batch = make_batch(random_images(2, 64, 64))
        lost = self.inputs(batch, rgb=[0.25, 0.25])["rgb"] == 0
        assert lost.float().mean().item() == pytest.approx(0.25, abs=0.01)
        assert not torch.equal(lost[0], lost[1])
        second = replace(make_batch({name: image[1:] for name, image in batch.images.items()}), keys=batch.keys[1:])
        assert torch.equal(self.inputs(second, rgb=[0.25])["rgb"][0] == 0, lost[1])

    def test_padding_for_larger_samples_of_the_batch_changes_nothing(self):
        images = random_images(1, 24, 32)
        alone = self.inputs(make_batch(images), rgb=[0.5])["rgb"] == 0
        larger = {name: torch.nn.functional.pad(image, (0, 16, 0, 8)) for name, image in images.items()}
        padded = self.inputs(make_batch(larger, content=(24, 32)), rgb=[0.5])["rgb"] == 0
        assert torch.equal(padded[..., :24, :32], alone)

    def test_each_modality_loses_its_own(self):
        grey = torch.full((1, 1, 64, 64), 255, dtype=torch.uint8)
        batch = make_batch({"rgb": grey, "lwir": grey})
        told = replace(batch, zeroed={name: torch.tensor([0.5]) for name in ("rgb", "lwir")})
        inputs = network_inputs(told, Preprocess(), inputs={"rgb": "rgb", "inf": "lwir"}, channels={"rgb": 1, "inf": 1})
        assert not torch.equal(inputs["rgb"], inputs["inf"])


class TestNoise:
    """`Batch.noisy`, as `noisy:<modality>/<density>,<deviation>` sets it."""

    def inputs(self, batch, **strengths):
        told = replace(batch, noisy={name: torch.tensor(values) for name, values in strengths.items()})
        return network_inputs(told, TestZeros.RULES, inputs=AS_PUBLISHED, channels=CHANNELS)

    def test_salt_is_the_highest_value_of_the_image_and_pepper_the_lowest(self):
        batch = make_batch(random_images(2, 64, 64))
        clean, noisy = self.inputs(batch)["rgb"], self.inputs(batch, rgb=[[0.5, 0.0], [0.0, 0.0]])["rgb"]
        assert torch.equal(noisy[1], clean[1])
        changed = noisy[0] != clean[0]
        assert set(noisy[0][changed].tolist()) == {clean[0].max().item(), clean[0].min().item()}
        # A quarter is drawn for each with repetition; what is drawn twice is pepper.
        salt, pepper = ((noisy[0] == extreme).float().mean().item() for extreme in (clean[0].max(), clean[0].min()))
        assert pepper == pytest.approx(1 - np.exp(-0.25), abs=0.02)
        assert salt == pytest.approx((1 - np.exp(-0.25)) * np.exp(-0.25), abs=0.02)

    def test_normal_noise_has_the_stated_deviation_and_the_other_input_has_none(self):
        batch = make_batch(random_images(1, 64, 64))
        clean, noisy = self.inputs(batch), self.inputs(batch, rgb=[[0.0, 0.5]])
        added = noisy["rgb"] - clean["rgb"]
        assert added.mean().item() == pytest.approx(0.0, abs=0.02)
        assert added.std().item() == pytest.approx(0.5, rel=0.02)
        assert torch.equal(noisy["inf"], clean["inf"])

    def test_a_sample_is_equally_noisy_in_any_batch_and_with_any_padding(self):
        images = random_images(2, 24, 32)
        together = self.inputs(make_batch(images), rgb=[[0.2, 0.5]] * 2)["rgb"]
        batch = make_batch(images)
        second = replace(make_batch({name: image[1:] for name, image in images.items()}), keys=batch.keys[1:])
        assert torch.equal(self.inputs(second, rgb=[[0.2, 0.5]])["rgb"][0], together[1])
        larger = {name: torch.nn.functional.pad(image, (0, 16, 0, 8)) for name, image in images.items()}
        padded = self.inputs(make_batch(larger, content=(24, 32)), rgb=[[0.2, 0.5]] * 2)["rgb"]
        assert torch.equal(padded[..., :24, :32], together[..., :24, :32])


def test_an_image_that_is_to_fit_keeps_its_aspect_and_is_filled_up_below_and_to_the_right():
    """M-SpecGene's test input: 640 x 512 becomes 960 x 768, and grey of level 114 fills the square."""
    rules = Preprocess(
        fit=(96, 96), fill=114 / 255, normalisation={"rgb": Normalisation(mean=(0.5,) * 3, std=(0.25,) * 3)}
    )
    batch = make_batch({"rgb": torch.full((1, 3, 32, 40), 255, dtype=torch.uint8)})
    assert rules.size_of((512, 640)) == (77, 96)
    image = network_inputs(batch, rules, inputs={"rgb": "rgb"}, channels=CHANNELS)["rgb"]
    assert image.shape == (1, 3, 96, 96)
    torch.testing.assert_close(image[..., :77, :], torch.full((1, 3, 77, 96), 2.0))
    torch.testing.assert_close(image[..., 77:, :], torch.full((1, 3, 19, 96), (114 / 255 - 0.5) / 0.25))


def test_padding_of_the_loader_and_of_the_multiple_is_filled_too():
    batch = make_batch({"rgb": torch.full((1, 3, 6, 8), 255, dtype=torch.uint8)}, content=(4, 5))
    image = network_inputs(batch, Preprocess(fill=0.5, multiple_of=8), inputs={"rgb": "rgb"}, channels=CHANNELS)["rgb"]
    assert image.shape == (1, 3, 8, 8)
    assert (image[..., :4, :5] == 1).all()
    assert image.sum() == 3 * (20 + 44 * 0.5)


def test_logits_of_a_padded_fit_come_back_to_the_frame():
    batch = make_batch(random_images(1, 32, 40))
    logits = torch.zeros(1, 2, 96, 96)
    logits[..., 77:, :] = 9
    assert to_frame(logits, batch, Preprocess(fit=(96, 96))).abs().max() == 0


def test_two_sizes_are_refused():
    with pytest.raises(ValueError, match="size, fit and edges exclude each other"):
        Preprocess(size=(8, 8), fit=(8, 8))


@pytest.mark.parametrize(
    ("frame", "expected"),
    [((600, 800), (768, 1024)), ((480, 640), (768, 1024)), ((640, 480), (1024, 768)), ((300, 1200), (640, 2560))],
)
def test_edges_bound_the_shorter_and_the_longer_side_as_mmsegmentation_does(frame, expected):
    """The sizes that images of FMB and MFNet have in M-SpecGene's windows, one stood on its side, one very wide."""
    assert Preprocess(edges=(768, 2560)).size_of(frame) == expected
