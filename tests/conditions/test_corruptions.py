"""Corruptions: as strong as those of imagecorruptions, reproducible, monotone, for 8 and 16 bits, grey and colour."""

import csv
import hashlib
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from rgbtbench.cards.corruptions import SEVERITIES, corruptions
from rgbtbench.conditions.corruptions import corrupted
from rgbtbench.conditions.seeds import generator_of
from rgbtbench.errors import ConditionError
from tests.conditions.scenes import scene, thermal

SETS = {name: [n for n, facts in corruptions().items() if facts.set == name] for name in ("common", "extra", "thermal")}
VISIBLE = [*SETS["common"], *SETS["extra"]]
#: Drawn by two random plasmas or one angle per image, so that four images do not agree closely with another four.
FEW_DRAWS = {"fog", "snow", "frost", "motion_blur", "spatter"}


def changed(image, name, severity, *, key="a"):
    return corrupted(image, name, severity, generator_of(key, f"corrupt:rgb/{name}/{severity}"))


def published():
    with (Path(__file__).parent / "imagecorruptions.csv").open() as file:
        return {(row["corruption"], int(row["severity"])): row for row in csv.DictReader(file)}


def test_there_are_the_fifteen_of_imagenet_c_its_four_extras_and_seven_of_thermal_cameras():
    assert [len(SETS[name]) for name in ("common", "extra", "thermal")] == [15, 4, 7]
    assert {(name, severity) for name in VISIBLE for severity in SEVERITIES} == set(published())


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("name", VISIBLE)
def test_strength_is_that_of_imagecorruptions(name, severity):
    """Figures of version 1.1.2: mean and root mean square of the change, roughness and contrast of the result.

    Its results are rounded down, so its means lie half a level lower. Its frost is cut from photographs, and its boxes
    of pixels hold whole ones only.
    """
    wanted = published()[name, severity]
    found = np.mean(
        [_figures(scene(seed), changed(scene(seed), name, severity, key=str(seed))) for seed in range(4)], 0
    )
    mean, rms, roughness, deviation = (float(wanted[k]) for k in ("mean", "rms", "roughness", "deviation"))
    several = name in FEW_DRAWS
    assert found[0] == pytest.approx(mean, abs=0.12 if name == "frost" else 0.06 if several else 0.004)
    assert found[1] == pytest.approx(rms, rel=0.3 if name == "frost" else 0.12 if several else 0.03, abs=0.005)
    assert found[2] == pytest.approx(roughness, rel=0.8 if name == "frost" else 0.3 if several else 0.05, abs=0.003)
    assert found[3] == pytest.approx(deviation, rel=0.35 if name == "frost" else 0.25 if several else 0.02)


def _figures(image, result):
    before, after = image / 255, result / 255
    edges = np.abs(cv2.Laplacian(after.astype(np.float32), cv2.CV_32F)).mean()
    return (after - before).mean(), np.sqrt(((after - before) ** 2).mean()), edges, after.std()


@pytest.mark.parametrize("name", list(corruptions()))
class TestEveryCorruption:
    def test_keeps_type_and_shape_for_any_depth_channels_and_odd_sizes(self, name):
        images = [scene(0, 37, 53), scene(1, 37, 53)[..., :1], thermal(2, 41, 30, dtype=np.uint16)]
        if name == "jpeg_compression":
            images = [scene(0, 37, 53), thermal(2, 41, 30, dtype=np.uint16)]
        for image in images:
            result = changed(image, name, 3)
            assert (result.shape, result.dtype) == (image.shape, image.dtype)

    def test_depends_on_key_and_severity_and_nothing_else(self, name):
        image = scene(3, 48, 64)
        once = changed(image, name, 4)
        # What others do with the global generator must not matter.
        np.random.seed(5)
        assert np.array_equal(changed(image, name, 4), once)
        assert not np.array_equal(changed(image, name, 2), once)

    def test_leaves_its_input_alone(self, name):
        image = scene(4, 48, 64)
        before = image.copy()
        changed(image, name, 5)
        assert np.array_equal(image, before)

    def test_grey_in_three_channels_stays_grey_and_equals_one_channel(self, name):
        grey = thermal(5)
        three = changed(np.repeat(grey, 3, axis=2), name, 3)
        assert np.array_equal(three, np.repeat(changed(grey, name, 3), 3, axis=2))

    def test_stays_in_the_range_of_a_16_bit_scene(self, name):
        image = thermal(6, dtype=np.uint16)
        result = changed(image, name, 5)
        assert result.min() >= image.min()
        assert result.max() <= image.max()

    def test_measured_values_are_refused(self, name):
        with pytest.raises(ConditionError, match="float32"):
            changed(np.zeros((8, 8, 1), np.float32), name, 1)

    def test_survives_a_flat_image(self, name):
        for dtype in (np.uint8, np.uint16):
            for value in (0, 255):
                result = changed(np.full((33, 40, 1), value, dtype), name, 5)
                assert result.shape == (33, 40, 1)


@pytest.mark.parametrize("name", SETS["thermal"])
def test_faults_of_thermal_cameras_grow_with_severity(name):
    images = [thermal(seed) for seed in range(8)]

    def distance(severity):
        pairs = [(image, changed(image, name, severity, key=str(seed))) for seed, image in enumerate(images)]
        return np.mean([np.sqrt(((a.astype(float) - b) ** 2).mean()) for a, b in pairs])

    distances = [distance(severity) for severity in SEVERITIES]
    assert all(before < after for before, after in pairwise(distances))


def test_stripes_are_the_same_in_every_row():
    offsets = changed(np.full((64, 80, 1), 128, np.uint8), "nuc_stripes", 3)[..., 0].astype(int) - 128
    assert (offsets == offsets[0]).all()
    assert offsets.std() == pytest.approx(0.07 * 255, rel=0.3)


def test_dead_pixels_are_as_many_as_stated_and_stuck_at_three_levels():
    image = np.full((400, 400, 1), 60, np.uint8)
    result = changed(image, "dead_pixels", 4)
    stuck = result[result != 60]
    assert len(stuck) / image.size == pytest.approx(0.04, rel=0.1)
    assert set(np.unique(stuck)) == {0, 128, 255}


def test_a_ghost_is_the_scene_displaced_by_the_stated_share_of_its_width():
    image = np.zeros((200, 200, 1), np.uint8)
    image[90:110, 90:110] = 200
    ghost = changed(image, "ghosting", 5)[..., 0].astype(int)
    ghost[90:110, 90:110] = 0
    rows, columns = np.nonzero(ghost > 50)
    distance = np.hypot(rows.mean() - 99.5, columns.mean() - 99.5)
    assert distance == pytest.approx(0.13 * 200, abs=6)


def test_equalised_levels_are_uniform():
    result = changed(thermal(7, 240, 320), "agc_change", 5)
    shares = np.histogram(result, bins=8, range=(0, 256))[0] / result.size
    assert shares == pytest.approx(np.full(8, 1 / 8), abs=0.04)


def test_low_contrast_keeps_the_mean_and_scales_the_deviation():
    image = thermal(8)
    result = changed(image, "low_contrast", 2)
    assert result.mean() == pytest.approx(image.mean(), abs=0.6)
    assert result.std() == pytest.approx(0.35 * image.std(), rel=0.03)


def test_saturation_lets_the_stated_share_exceed_the_range():
    ramp = np.arange(10_000, dtype=np.uint16).reshape(100, 100, 1)
    result = changed(ramp, "saturation", 3)
    assert (result == ramp.max()).mean() == pytest.approx(0.18, abs=0.002)


def test_gaussian_noise_has_the_stated_deviation():
    flat = np.full((300, 300, 3), 128, np.uint8)
    assert (changed(flat, "gaussian_noise", 1) / 255).std() == pytest.approx(0.08, rel=0.02)


def test_pixelation_leaves_as_many_blocks_as_stated():
    ramp = np.tile(np.arange(200, dtype=np.uint8)[:, None, None], (1, 200, 1))
    assert len(np.unique(changed(ramp, "pixelate", 5)[:, 0])) == 50


def test_saturation_of_colours_leaves_grey_alone_and_brightness_scales_a_colour():
    grey = np.full((4, 4, 3), 90, np.uint8)
    assert np.array_equal(changed(grey, "saturate", 5), grey)
    red = np.broadcast_to(np.array([100, 50, 0], np.uint8), (4, 4, 3))
    # Value 100/255 rises by 0.2; hue and saturation stay.
    assert np.array_equal(changed(red, "brightness", 2)[0, 0], np.rint(np.array([1, 0.5, 0]) * (100 + 51)))


def test_pixels_of_exact_corruptions_are_those_of_before():
    """A change of any number here changes results that records hold; it needs another name."""
    digest = hashlib.sha256()
    for name in ("impulse_noise", "dead_pixels", "brightness"):
        digest.update(changed(scene(9, 32, 48), name, 3).tobytes())
    assert digest.hexdigest()[:16] == "082f91c9edd797cc"
