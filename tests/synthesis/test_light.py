from dataclasses import replace

import numpy as np
import pytest

from rgbtbench.synthesis import PARAMETERS, SceneClass
from rgbtbench.synthesis.conditions import conditions_at
from rgbtbench.synthesis.geometry import Camera, ground
from rgbtbench.synthesis.light import illuminance, luminance
from rgbtbench.synthesis.pixels import look
from rgbtbench.synthesis.raster import paint
from rgbtbench.synthesis.surface import UPWARDS, Lamp, Patch, Surface
from rgbtbench.synthesis.tables import tabulate

SKY = Surface("sky", (0.0, 0.0, 0.0), SceneClass.SKY)
CAMERA = Camera(x=0.0, height=1.5, focal=1.0, horizon=0.4)
LAMP = Lamp((0.0, 6.0, 8.0), (1.0, 1.0, 1.0), 900.0)


def pitch_dark():
    conditions = conditions_at(np.random.default_rng(0), PARAMETERS.scene, regime="night_dark", weather="clear")
    return replace(conditions, key_lux=(0.0, 0.0, 0.0), sky_lux=(0.0, 0.0, 0.0), mist=0.0)


def road(reflectance, *, emission=(0.0, 0.0, 0.0)):
    surface = Surface("lamp", (reflectance,) * 3, SceneClass.ROAD, normal=UPWARDS, emission=emission)
    return Patch(surface, (ground(-40.0, 40.0, 0.5, 120.0),), on_ground=True)


def seen(patch, conditions, lamps):
    """Pixels on the ground with their illuminance and luminance, and the distance of each along the street."""
    tables = tabulate([patch], SKY, np.zeros((0, 4)), conditions.key)
    painting = paint([patch], np.zeros((0, 4)), CAMERA, conditions, width=128, height=96)
    pixels = look(painting, tables, CAMERA, painting.visible > 0)
    return pixels, illuminance(pixels, tables, conditions, lamps)[0], luminance(pixels, tables, conditions, lamps)


def test_a_lamp_lights_the_ground_below_it_by_the_inverse_square_law():
    pixels, lux, _ = seen(road(0.2), pitch_dark(), [LAMP])
    below = np.argmin(pixels.x**2 + (pixels.z - 8.0) ** 2)
    assert lux[below, 0] == pytest.approx(900.0 / 6.0**2, rel=0.03)
    # Lambert twice, lamp and ground: I cos^2 / d^2 where the cosine to the vertical is 6 / d.
    away = np.argmin(pixels.x**2 + (pixels.z - 16.0) ** 2)
    distance = np.hypot(6.0, pixels.z[away] - 8.0)
    assert lux[away, 0] == pytest.approx(900.0 / distance**2 * (6.0 / distance) ** 2, rel=0.03)


def test_luminance_is_reflectance_times_light_over_pi_plus_emission():
    conditions = pitch_dark()
    _, lux, grey = seen(road(0.2), conditions, [LAMP])
    np.testing.assert_allclose(grey, 0.2 * lux / np.pi, rtol=1e-4, atol=1e-6)
    _, _, glowing = seen(road(0.2, emission=(3.0, 2.0, 1.0)), conditions, [LAMP])
    np.testing.assert_allclose(glowing - grey, np.broadcast_to([3.0, 2.0, 1.0], grey.shape), atol=1e-4)


def test_without_any_light_everything_is_black_whatever_it_is():
    for reflectance in (0.05, 0.9):
        assert not seen(road(reflectance), pitch_dark(), [])[2].any()


def test_light_adds_up():
    conditions = pitch_dark()
    other = replace(LAMP, position=(3.0, 5.0, 20.0), colour=(1.0, 0.6, 0.2))
    one, two, both = (seen(road(0.3), conditions, lamps)[2] for lamps in ([LAMP], [other], [LAMP, other]))
    np.testing.assert_allclose(both, one + two, rtol=1e-4)


def test_a_pixel_on_the_ground_lies_where_the_camera_projects_it():
    pixels, _, _ = seen(road(0.2), pitch_dark(), [])
    near = pixels.z < 60.0
    places = np.stack([pixels.x, np.zeros_like(pixels.x), pixels.z], 1)[near].astype(float)
    right = (CAMERA.project(places, 128, 96)[:, 0] - 64) / 128
    np.testing.assert_allclose(right, pixels.right[near], atol=1e-4)
    assert np.abs(pixels.y[near]).max() < 1e-3
