"""What stands in for a missing image."""

import numpy as np
import pytest

from rgbtbench.conditions.fills import adapted, flat, mean_values, noise
from rgbtbench.conditions.seeds import generator_of
from rgbtbench.errors import ConditionError
from tests.conditions.scenes import scene


def test_the_mean_weighs_images_of_any_size_alike():
    images = [np.full((2, 2, 3), 10, np.uint8), np.full((50, 50, 3), 31, np.uint8)]
    assert mean_values(images).tolist() == [20.5, 20.5, 20.5]
    assert flat(images[0], np.array([20.5, 1.4, 254.6])).reshape(-1, 3).tolist() == [[20, 1, 255]] * 4


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535)])
def test_noise_is_uniform_over_the_whole_type(dtype, top):
    drawn = noise(np.zeros((300, 300, 3), dtype), generator_of("a", "b"))
    assert drawn.dtype == dtype
    assert drawn.mean() == pytest.approx(top / 2, rel=0.01)
    assert drawn.std() == pytest.approx(top / 12**0.5, rel=0.01)
    assert (drawn.min(), drawn.max()) == (0, top) or dtype is np.uint16


def test_colour_becomes_brightness_grey_is_repeated_and_depths_are_scaled():
    colour = np.broadcast_to(np.array([255, 0, 0], np.uint8), (4, 6, 3))
    assert (adapted(colour, np.zeros((4, 6, 1), np.uint8)) == 76).all()
    assert (adapted(colour, np.zeros((4, 6, 1), np.uint16)) == round(0.299 * 65535)).all()
    grey = np.full((4, 6, 1), 1000, np.uint16)
    assert (adapted(grey, np.zeros((4, 6, 3), np.uint8)) == 4).all()


def test_sizes_are_those_of_the_missing_image():
    result = adapted(scene(0), np.zeros((120, 160, 1), np.uint8))
    assert result.shape == (120, 160, 1)
    luminance = scene(0) @ np.array([0.299, 0.587, 0.114])
    assert result[10, 20, 0] == pytest.approx(luminance[20:22, 40:42].mean(), abs=1)


def test_measured_values_neither_stand_in_nor_are_stood_in_for():
    for other, like in ((np.float32, np.uint8), (np.uint8, np.float32)):
        with pytest.raises(ConditionError, match="cannot stand in"):
            adapted(np.zeros((2, 2, 1), other), np.zeros((2, 2, 1), like))
    with pytest.raises(ConditionError, match="no range"):
        noise(np.zeros((2, 2, 1), np.float32), generator_of("a", "b"))
