from __future__ import annotations

import numpy as np
import pytest

from rgbtbench.features.baselines import BASELINES, patch_gradients, patch_pixels, patch_places


def picture(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape).astype(dtype)


@pytest.mark.parametrize(("name", "channels"), [("pixels", 256), ("gradients", 128), ("places", 4)])
@pytest.mark.parametrize("image", [picture(32, 48, 3), picture(32, 48, 1, dtype=np.uint16), picture(35, 45, 1)])
def test_there_is_one_descriptor_per_patch(name, channels, image):
    grid = BASELINES[name](image)
    assert grid.shape == (channels, 2, 3)
    assert grid.dtype == np.float32
    assert np.isfinite(grid).all()


def test_pixels_are_those_of_the_patch_minus_their_mean():
    image = picture(32, 48, 1)
    patch = image[16:, 32:, 0].astype(float)
    assert np.allclose(patch_pixels(image)[:, 1, 2], (patch - patch.mean()).ravel())


def test_a_gradient_and_its_opposite_count_alike():
    image = picture(32, 48, 1)
    assert np.allclose(patch_gradients(image), patch_gradients(255 - image), atol=1e-6)


def test_an_edge_runs_in_one_direction():
    # Brighter to the right everywhere: all gradients point along direction 0.
    ramp = np.broadcast_to(np.arange(48, dtype=np.uint8)[None, :, None], (32, 48, 1))
    by_direction = patch_gradients(ramp).reshape(8, 16, 2, 3)
    assert (by_direction[0] > 0).all()
    assert not by_direction[1:].any()
    assert np.allclose(np.linalg.norm(patch_gradients(ramp), axis=0), 1)


def test_a_flat_image_says_nothing():
    flat = np.full((32, 48, 3), 80, np.uint8)
    assert not patch_gradients(flat).any()
    assert np.abs(patch_pixels(flat)).max() < 1e-6


def test_places_are_the_nearer_the_more_alike_and_no_two_are_the_same():
    places = patch_places(picture(64, 96, 3)).reshape(4, -1).T
    cosines = places @ places.T
    assert (cosines.argmax(axis=1) == np.arange(len(places))).all()
    assert cosines[0, 1] > cosines[0, 2] > cosines[0, 5]
    assert np.array_equal(places, patch_places(np.zeros((64, 96, 1), np.uint8)).reshape(4, -1).T)
