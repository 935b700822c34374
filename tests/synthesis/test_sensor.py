import numpy as np
import pytest

from rgbtbench.synthesis import PARAMETERS
from rgbtbench.synthesis.sensor import expose, gain_control, image_heat


def grey_card(cd):
    field = np.full((96, 128, 3), cd, np.float32)
    field[:, 64:] *= 2.0
    return field


def signal_to_noise(cd):
    picture = expose(grey_card(cd), PARAMETERS.visible, np.random.default_rng(0))
    return float(cd * picture.scale / picture.noise[:, :40].mean())


def test_signal_to_noise_falls_with_the_light():
    ratios = [signal_to_noise(cd) for cd in (1000.0, 1.0, 0.1, 0.01)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] > 30
    assert ratios[-1] < 1


def test_stored_noise_is_the_noise_of_the_pixels():
    flat = np.full((128, 128, 3), 0.3, np.float32)
    pictures = [expose(flat, PARAMETERS.visible, np.random.default_rng(seed)) for seed in range(2)]
    counts = 0.3 * pictures[0].scale
    assert pictures[0].noise.mean() == pytest.approx(np.sqrt(counts + PARAMETERS.visible.read_noise**2), rel=1e-3)
    assert (pictures[0].pixels != pictures[1].pixels).mean() > 0.5


def test_daylight_is_exposed_alike_over_orders_of_magnitude_and_darkness_stays_dark():
    means = [
        expose(grey_card(cd), PARAMETERS.visible, np.random.default_rng(0)).pixels.mean() for cd in (5000, 50, 0.005)
    ]
    assert means[0] == pytest.approx(means[1], rel=0.05)
    assert means[2] < 40


def test_a_bright_lamp_glares_over_its_surroundings():
    dark = np.full((96, 128, 3), 0.05, np.float32)
    lamp = dark.copy()
    lamp[46:50, 62:66] = 5000.0
    without, glaring = (expose(field, PARAMETERS.visible, np.random.default_rng(0)).pixels for field in (dark, lamp))
    ring = np.s_[36:42, 52:76]
    assert glaring[ring].mean() > without[ring].mean() + 20


def test_gain_control_keeps_the_order_of_temperatures():
    kelvin = np.random.default_rng(0).normal(290.0, 6.0, (96, 128))
    grey = gain_control(kelvin, PARAMETERS.thermal).astype(int)
    order = np.argsort(kelvin, axis=None)
    assert (np.diff(grey.ravel()[order]) >= 0).all()


def test_gain_control_acts_on_the_whole_picture_so_grey_values_are_no_temperatures():
    mild = np.random.default_rng(0).normal(290.0, 1.0, (96, 128))
    heated = mild.copy()
    heated[:20] = 330.0
    untouched = np.s_[40:]
    before, after = (gain_control(kelvin, PARAMETERS.thermal)[untouched] for kelvin in (mild, heated))
    assert abs(before.mean() - after.mean()) > 15


def test_noise_is_not_stretched_to_full_contrast():
    flat = np.full((96, 128), 290.0, np.float32)
    picture = image_heat(flat, PARAMETERS.thermal, np.random.default_rng(0))
    low, high = np.quantile(picture.pixels, [0.01, 0.99])
    assert high - low < 128


def test_thermal_optics_are_coarser_than_visible_ones():
    edge = np.full((96, 128), 280.0, np.float32)
    edge[:, 64:] = 300.0
    warm = image_heat(edge, PARAMETERS.thermal, np.random.default_rng(0)).pixels.mean(0)
    bright = expose(np.repeat(edge[..., None] - 279.0, 3, 2), PARAMETERS.visible, np.random.default_rng(0))
    steepest = [np.diff(row).max() / np.ptp(row) for row in (warm, bright.pixels.mean((0, 2)))]
    assert steepest[0] < steepest[1]


def test_the_fixed_pattern_runs_along_columns():
    flat = np.full((96, 128), 290.0, np.float32)
    grey = image_heat(flat, PARAMETERS.thermal, np.random.default_rng(0)).pixels.astype(float)
    grey -= grey.mean()
    middle = grey[24:72]
    assert middle.mean(0).std() > 1.5 * middle.mean(1).std()
