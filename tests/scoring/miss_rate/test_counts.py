"""From statistics to metrics, notes, curves and intervals."""

import numpy as np
import pytest

import rgbtbench
from rgbtbench.cards.protocol import IntervalRules
from rgbtbench.cards.rules import MissRateRules
from rgbtbench.scoring.family import Classes
from rgbtbench.scoring.miss_rate.counts import REFERENCE_KEYS, MissRateCounts, miss_rate_metrics
from rgbtbench.scoring.miss_rate.curve import Detected
from rgbtbench.scoring.results import MAX_CURVE_POINTS
from rgbtbench.scoring.statistics import from_arrays
from rgbtbench.scoring.summary import summarise
from tests.scoring.miss_rate.golden import GOLDEN, needs_golden

RULES, SCRIPT = MissRateRules(), MissRateRules(undetected_images="left_out")
CLASSES = Classes((1, 2), ("person", "people"))


def counts(positives, has_detections, images, hits):
    return MissRateCounts(
        Detected(np.array(positives), np.array(has_detections), np.array(images, int), np.array(hits, bool))
    )


#: Two boxes in the first image, one found; one in the second, which has no detection; none in the third.
SOME = counts([2, 1, 0], [True, False, True], [2, 0], [False, True])


def test_metrics_are_in_percent_and_named_by_their_fppi():
    metrics = SOME.measure(RULES, CLASSES, np.ones(3, bool))(np.ones((1, 3)), False)
    assert list(metrics) == ["miss_rate", "recall", *REFERENCE_KEYS]
    assert REFERENCE_KEYS[0] == "miss_rate_at_0.01"
    assert REFERENCE_KEYS[-1] == "miss_rate_at_1"
    assert metrics["recall"][0] == pytest.approx(100 / 3)
    assert metrics["miss_rate_at_0.3162"][0] == 100
    assert metrics["miss_rate_at_0.5623"][0] == pytest.approx(200 / 3)


def test_a_subset_has_its_own_images_in_its_fppi():
    first = np.array([True, False, False])
    metrics = SOME.measure(RULES, CLASSES, first)(np.ones((1, 1)), False)
    assert metrics["miss_rate"][0] == pytest.approx(50)


def test_a_resample_that_draws_nothing_to_be_found_takes_the_recalls_of_the_whole_set():
    weights = np.array([[1.0, 1, 1], [0, 0, 3], [3, 0, 0]])
    drawn = miss_rate_metrics(SOME.detected, weights, RULES, resampled=True)
    assert drawn["recall"].tolist() == pytest.approx([100 / 3, 100 / 3, 50])
    assert drawn["miss_rate"][1] == drawn["miss_rate"][0]
    alone = miss_rate_metrics(SOME.detected, weights, RULES)
    assert np.isnan(alone["recall"]).tolist() == [False, True, False]


def test_the_class_that_is_to_be_found_is_the_only_one():
    assert SOME.per_class(RULES, CLASSES) == {
        "person": {"miss_rate": pytest.approx(100 * (1**7 * (2 / 3) ** 2) ** (1 / 9)), "recall": pytest.approx(100 / 3)}
    }


def test_notes_say_what_is_not_missed_and_when_nothing_is_to_be_found():
    assert SOME.notes(RULES, CLASSES) == ()
    assert SOME.notes(SCRIPT, CLASSES) == ("1 of 3 boxes are not missed: their images have no detection",)
    nothing = counts([0, 0], [True, True], [], [])
    assert nothing.notes(RULES, CLASSES)[0].startswith("nothing is to be found")
    assert nothing.per_class(RULES, CLASSES) == {"person": {"miss_rate": None, "recall": None}}
    assert nothing.curves(RULES, CLASSES)["miss_rate"].x == ()


def test_statistics_survive_storing():
    stored = SOME.to_arrays()
    again = MissRateCounts.from_arrays({name: array.astype(np.uint8) for name, array in stored.items()})
    for name, array in again.to_arrays().items():
        np.testing.assert_array_equal(array, stored[name])


def test_a_curve_has_few_points_however_many_detections_there_are():
    many = 5000
    long = counts(np.ones(100), np.ones(100, bool), np.arange(many) % 100, np.arange(many) % 50 == 49)
    curve = long.curves(RULES, CLASSES)["miss_rate"]
    assert len(curve.x) <= MAX_CURVE_POINTS
    assert curve.x[-1] == pytest.approx(49.0)
    assert curve.y[-1] == 0


@needs_golden
@pytest.mark.parametrize(("name", "low", "high"), [("MLPD", 6.09, 9.15), ("MBNet", 6.56, 9.65)])
def test_intervals_over_images_are_those_of_an_independent_bootstrap(name, low, high):
    """Another program's, with other draws: both ends agree to what 2,000 resamples leave uncertain."""
    score = rgbtbench.score(
        "kaist/reasonable-all@improved",
        GOLDEN / f"results/{name}_result.txt",
        ground_truth=GOLDEN / "KAIST_annotation.json",
    )
    by_image = score.protocol.model_copy(update={"intervals": IntervalRules(unit="image"), "report_by": ()})
    interval = summarise(by_image, from_arrays(score.statistics, MissRateCounts)).intervals["miss_rate"]
    assert interval.low == pytest.approx(low, abs=0.2)
    assert interval.high == pytest.approx(high, abs=0.2)
    clips = score.intervals["miss_rate"]
    assert clips.high - clips.low > interval.high - interval.low
