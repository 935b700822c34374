import numpy as np
import pytest

from rgbtbench.synthesis import PARAMETERS
from rgbtbench.synthesis.annotate import BOTH, LWIR_ONLY, NEITHER, RGB_ONLY, Glimpse, annotate, contrasts, tight_box
from rgbtbench.synthesis.sensor import Exposure

RULES = PARAMETERS.annotation


def picture(noise):
    return Exposure(np.zeros((40, 40), np.uint8), np.full((40, 40), noise, np.float32), scale=1.0, ceiling=np.inf)


def glimpse(empty, thing_value, rows=slice(10, 20), columns=slice(10, 20)):
    places = np.arange(1600).reshape(40, 40)[rows, columns].ravel()
    behind = empty.ravel()[places]
    things = np.broadcast_to(np.float32(thing_value), behind.shape).astype(np.float32)
    return Glimpse(empty, things, behind, np.ones(len(places), np.int64), places)


def test_before_a_flat_wall_contrast_is_difference_over_noise():
    wall = np.full((40, 40), 290.0, np.float32)
    assert contrasts(picture(0.1), glimpse(wall, 290.5), 1, RULES) == pytest.approx([5.0], rel=1e-3)


def test_more_noise_or_a_busier_background_hides_more():
    wall = np.full((40, 40), 290.0, np.float32)
    busy = wall + np.random.default_rng(0).normal(0.0, 1.0, (40, 40)).astype(np.float32)
    clear, noisy = (contrasts(picture(noise), glimpse(wall, 293.0), 1, RULES)[0] for noise in (0.1, 1.0))
    hidden = contrasts(picture(0.1), glimpse(busy, 293.0), 1, RULES)[0]
    assert noisy < clear
    assert hidden < clear / 3


def test_a_thing_that_changes_nothing_has_no_contrast():
    busy = np.random.default_rng(0).normal(290.0, 1.0, (40, 40)).astype(np.float32)
    view = glimpse(busy, 0.0)
    same = Glimpse(busy, view.behind, view.behind, view.instances, view.places)
    assert contrasts(picture(0.1), same, 1, RULES) == [0.0]


def test_half_brighter_and_half_darker_does_not_cancel_out():
    wall = np.full((40, 40), 290.0, np.float32)
    view = glimpse(wall, 290.0)
    things = view.behind + np.where(np.arange(100) % 2 == 0, 1.0, -1.0).astype(np.float32)
    contrast = contrasts(picture(0.1), Glimpse(wall, things, view.behind, view.instances, view.places), 1, RULES)
    assert contrast == pytest.approx([10.0], rel=1e-3)


def test_what_saturates_the_sensor_cannot_be_told_apart():
    wall = np.full((40, 40), 900.0, np.float32)
    blinded = Exposure(np.zeros((40, 40), np.uint8), np.ones((40, 40), np.float32), scale=1.0, ceiling=500.0)
    assert contrasts(blinded, glimpse(wall, 700.0), 1, RULES) == [0.0]


def annotated(rgb, lwir):
    """Four things of class 6 side by side, each 10 x 10 pixels, with the given contrasts."""
    instances = np.zeros((40, 60), np.int64)
    for number in range(4):
        instances[5:15, 2 + 12 * number : 12 + 12 * number] = number + 1
    semantic = np.where(instances > 0, 6, 1).astype(np.uint8)
    return annotate(
        semantic,
        instances,
        labels_of=[6, 6, 6, 6],
        visible_share=np.array([1.0, 0.8, 0.4, 1.0]),
        contrast={"rgb": np.array(rgb), "lwir": np.array(lwir)},
        parameters=RULES,
    )


def test_visibility_follows_from_the_two_contrasts_and_invisible_things_are_ignored():
    labels = annotated(rgb=[3.0, 3.0, 0.1, 0.1], lwir=[3.0, 0.1, 3.0, 0.1])
    states = [int(labels.visibility[10, 5 + 12 * number]) for number in range(4)]
    assert states == [BOTH, RGB_ONLY, LWIR_ONLY, NEITHER]
    assert labels.ignore.tolist() == [False, False, False, True]
    assert (labels.semantic[5:15, 38:48] == 255).all()
    assert (labels.semantic[5:15, 2:12] == 6).all()


def test_occlusion_follows_from_the_visible_share():
    assert annotated([3.0] * 4, [3.0] * 4).occlusion.tolist() == [0, 1, 2, 0]


def test_boxes_are_half_open_and_tight():
    labels = annotated([3.0] * 4, [3.0] * 4)
    assert labels.boxes[0].tolist() == [2.0, 5.0, 12.0, 15.0]
    assert tight_box(np.zeros((4, 4), bool)) is None


def test_the_most_conspicuous_things_are_salient_and_invisible_ones_never():
    labels = annotated(rgb=[8.0, 1.5, 0.1, 0.1], lwir=[1.0, 0.1, 7.0, 0.1])
    salient = [bool(labels.saliency[10, 5 + 12 * number]) for number in range(4)]
    assert salient == [True, False, True, False]


def test_a_thing_too_small_to_label_is_ignored_however_bright():
    instances = np.zeros((96, 128), np.int64)
    instances[10, 10:13] = 1
    labels = annotate(
        np.zeros((96, 128), np.uint8),
        instances,
        labels_of=[6],
        visible_share=np.ones(1),
        contrast={"rgb": np.array([50.0]), "lwir": np.array([50.0])},
        parameters=RULES,
    )
    assert labels.ignore.tolist() == [True]
