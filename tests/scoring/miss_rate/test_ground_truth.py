"""Settings: which boxes must be found, and which are regions to ignore."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbtbench.cards.rules.miss_rate import MissRateRules
from rgbtbench.scoring.miss_rate.ground_truth import Pedestrians, apply_setting
from tests.scoring.miss_rate import reference_toolbox
from tests.scoring.miss_rate.golden import DAY_IMAGES, labelled, needs_golden
from tests.scoring.miss_rate.scenes import steady

REASONABLE = MissRateRules()


def is_ignored(box, *, occlusion=0, ignored=False, rules=REASONABLE):
    one = Pedestrians(np.array([0]), np.array([box], float), np.array([occlusion]), np.array([ignored]))
    return bool(apply_setting(one, rules).ignored[0])


@pytest.mark.parametrize(("height", "ignored"), [(54.9, True), (55, False), (300, False)])
def test_reasonable_asks_for_55_pixels_or_more(height, ignored):
    assert is_ignored([100, 100, 40, height]) is ignored


@pytest.mark.parametrize(("height", "ignored"), [(44, True), (45, False), (115, False), (115.1, True)])
def test_both_ends_of_a_range_of_heights_belong_to_it(height, ignored):
    medium = MissRateRules(heights=(45, 115), occlusions=(0,))
    assert is_ignored([100, 100, 40, height], rules=medium) is ignored


@pytest.mark.parametrize(("occlusion", "ignored"), [(0, False), (1, False), (2, True), (-1, True)])
def test_reasonable_asks_for_none_and_partial_occlusion(occlusion, ignored):
    assert is_ignored([100, 100, 40, 60], occlusion=occlusion) is ignored


@pytest.mark.parametrize(
    ("box", "ignored"),
    [
        ([5, 100, 40, 60], False),
        ([4.9, 100, 40, 60], True),
        ([100, 5, 40, 60], False),
        ([100, 4.9, 40, 60], True),
        ([595, 100, 40, 60], False),
        ([595.1, 100, 40, 60], True),
        ([100, 447, 40, 60], False),
        ([100, 447.1, 40, 60], True),
    ],
)
def test_a_box_on_the_border_is_inside_and_one_beyond_it_is_not(box, ignored):
    assert is_ignored(box) is ignored


def test_without_borders_every_place_counts():
    assert not is_ignored([-30, -30, 40, 60], rules=MissRateRules(inside=None))


def test_a_region_to_ignore_stays_one():
    assert is_ignored([100, 100, 40, 60], ignored=True)


def test_a_stretched_label_is_shrunk_before_its_height_and_place_are_looked_at():
    """CVC-14 as MBNet and MS-DETR evaluate it: labels in images of 512 rows, detections in images of 471."""
    rules = MissRateRules(inside=(5, 5, 635, 466), vertical_stretch=1.087044832)
    stretched = np.array([[100.0, 200.0, 40.0, 60.0]])
    one = Pedestrians(np.array([0]), stretched, np.array([0]), np.array([False]))
    shrunk = apply_setting(one, rules)
    np.testing.assert_array_equal(shrunk.xywh, [[100, 200 / 1.087044832, 40, 60 / 1.087044832]])
    assert not shrunk.ignored[0]
    assert is_ignored([100, 200, 40, 59], rules=rules)
    assert not is_ignored([100, 440, 40, 66], rules=rules)
    assert is_ignored([100, 441, 40, 66], rules=rules)


@steady
@given(
    boxes=st.lists(
        st.tuples(st.integers(-30, 650), st.integers(-30, 520), st.integers(1, 200), st.integers(1, 300)), max_size=20
    ),
    occlusions=st.lists(st.integers(0, 2), min_size=20, max_size=20),
    flags=st.lists(st.booleans(), min_size=20, max_size=20),
)
def test_a_setting_is_the_toolbox_s(boxes, occlusions, flags):
    count = len(boxes)
    some = Pedestrians(
        images=np.zeros(count, np.int64),
        xywh=np.array(boxes, float).reshape(-1, 4),
        occlusions=np.array(occlusions[:count], np.int64),
        ignored=np.array(flags[:count], bool),
    )
    found = apply_setting(some, MissRateRules(heights=(45, 115), occlusions=(0, 2))).ignored
    expected = [
        reference_toolbox.ignored(box, occlusion, flag, heights=(45, 115), occlusions=(0, 2))
        for box, occlusion, flag in zip(boxes, occlusions, flags, strict=False)
    ]
    assert found.tolist() == expected


@needs_golden
@pytest.mark.parametrize(
    ("heights", "occlusions", "count"),
    [
        ((55, None), (0, 1), 1455),
        ((115, None), (0,), 201),
        ((45, 115), (0,), 1683),
        ((1, 45), (0,), 807),
        ((1, None), (0,), 2612),
        ((1, None), (1,), 438),
        ((1, None), (2,), 226),
        ((1, None), (0, 1, 2), 3276),
        ((20, None), (0, 1, 2), 3276),
    ],
)
def test_kaist_s_settings_ask_for_as_many_boxes_as_the_stored_output_of_the_toolbox(heights, occlusions, count):
    asked = apply_setting(labelled(), MissRateRules(heights=heights, occlusions=occlusions))
    assert (~asked.ignored).sum() == count


@needs_golden
def test_reasonable_asks_for_989_boxes_by_day_and_466_by_night():
    asked = apply_setting(labelled(), REASONABLE)
    by_day = asked.images < DAY_IMAGES
    assert (~asked.ignored[by_day]).sum() == 989
    assert (~asked.ignored[~by_day]).sum() == 466


@pytest.mark.parametrize("wrong", [{"heights": (55, 50)}, {"inside": (5, 5, 5, 507)}, {"occlusions": ()}])
def test_a_setting_that_asks_for_nothing_is_refused(wrong):
    with pytest.raises(ValueError):
        MissRateRules(**wrong)
