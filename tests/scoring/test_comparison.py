"""Paired differences: what both results share cancels, and what many comparisons allow to say is corrected."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbtbench.cards.protocol import IntervalRules, Protocol
from rgbtbench.errors import UserError
from rgbtbench.scoring.comparison import bootstrap_p_value, compare, holm
from rgbtbench.scoring.segmentation.counts import Confusions
from rgbtbench.scoring.statistics import Statistics

IMAGES, CLUSTERS = 60, 20
PROTOCOL = Protocol.model_validate(
    {
        "id": "town/miou",
        "dataset": "town",
        "edition": "official",
        "summary": "made up",
        "task": "semantic",
        "split": "test",
        "label_set": "semantic",
        "rules": {"metric": "segmentation"},
        "intervals": IntervalRules(resamples=500).model_dump(),
    }
)


def result(accuracy, *, seed=0, clusters=CLUSTERS, keys=None):
    """Statistics of two classes of 50 pixels each, of which the share `accuracy` (N,) is right in each image."""
    right = np.round(50 * np.clip(accuracy, 0, 1)).astype(np.int64)
    confusion = np.zeros((IMAGES, 2, 3), np.int64)
    for kind in (0, 1):
        confusion[:, kind, kind], confusion[:, kind, 1 - kind] = right, 50 - right
    night = np.arange(IMAGES) % 2 == 1
    return Statistics(
        keys=keys or tuple(f"{number:03d}" for number in range(IMAGES)),
        clusters=np.arange(IMAGES) % clusters,
        class_ids=np.array([0, 1]),
        class_names=("road", "person"),
        subsets={"time_of_day=day": ~night, "time_of_day=night": night},
        counts=Confusions(confusion, {}),
    )


@pytest.fixture
def difficulty():
    """Images differ far more from each other than the two results do."""
    return np.random.default_rng(0).uniform(0.2, 0.9, IMAGES)


def test_what_both_results_share_cancels(difficulty):
    rows = compare(PROTOCOL, result(difficulty + 0.04), {"other": result(difficulty)})["other"]
    whole = rows[0]
    assert (whole.part, whole.metric, whole.clusters) == ("all", "miou", CLUSTERS)
    assert whole.difference == pytest.approx(whole.first - whole.second)
    assert whole.interval.low > 0
    assert whole.p_value == pytest.approx(2 / 501)
    # Each result by itself is known far less well than their difference.
    from rgbtbench.scoring.summary import summarise

    alone = summarise(PROTOCOL, result(difficulty)).intervals["miou"]
    assert whole.interval.high - whole.interval.low < (alone.high - alone.low) / 5


def test_a_result_does_not_differ_from_itself(difficulty):
    for row in compare(PROTOCOL, result(difficulty), {"same": result(difficulty)})["same"]:
        assert row.difference == 0
        assert (row.interval.low, row.interval.high) == (0, 0)
        assert row.p_value == row.corrected_p_value == 1


def test_the_other_way_round_everything_changes_its_sign(difficulty):
    better, worse = result(difficulty + 0.02), result(difficulty)
    there = compare(PROTOCOL, better, {"x": worse})["x"]
    back = compare(PROTOCOL, worse, {"x": better})["x"]
    for one, other in zip(there, back, strict=True):
        assert one.difference == pytest.approx(-other.difference)
        assert one.interval.low == pytest.approx(-other.interval.high)
        assert one.p_value == other.p_value


def test_every_subset_has_its_row(difficulty):
    rows = compare(PROTOCOL, result(difficulty), {"x": result(difficulty[::-1])})["x"]
    assert [row.part for row in rows] == ["all", "time_of_day=day", "time_of_day=night"]


def test_below_ten_clusters_nothing_is_called_significant(difficulty):
    few = {"clusters": 9}
    row = compare(PROTOCOL, result(difficulty + 0.05, **few), {"x": result(difficulty, **few)})["x"][0]
    assert row.interval is not None
    assert row.p_value is row.corrected_p_value is None


def test_results_on_other_images_are_not_compared(difficulty):
    other = result(difficulty, keys=tuple(f"x{number}" for number in range(IMAGES)))
    with pytest.raises(UserError, match="other images"):
        compare(PROTOCOL, result(difficulty), {"other": other})


def test_a_metric_that_the_results_do_not_have_is_refused(difficulty):
    with pytest.raises(UserError, match="has no metric 'ap50' to compare"):
        compare(PROTOCOL, result(difficulty), {"x": result(difficulty)}, metrics=["miou", "ap50"])


def test_all_that_is_compared_at_once_is_corrected_at_once(difficulty):
    others = {f"seed {seed}": result(difficulty - 0.004 * seed) for seed in range(1, 4)}
    found = compare(PROTOCOL, result(difficulty), others)
    rows = [row for part in found.values() for row in part]
    assert [row.corrected_p_value for row in rows] == holm([row.p_value for row in rows])
    assert any(row.corrected_p_value > row.p_value for row in rows)


def test_holm_by_hand():
    # 4 x 0.01, 3 x 0.02 = 0.06, then 2 x 0.03 = 0.06 and 0.04, which may not fall below what came before.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(values):
    corrected = holm(values)
    assert all(value <= other <= 1 for value, other in zip(values, corrected, strict=True))
    ranked = [corrected[at] for at in sorted(range(len(values)), key=values.__getitem__)]
    assert ranked == sorted(ranked)


def test_p_values_by_hand():
    assert bootstrap_p_value(np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9])) == pytest.approx(2 * 1 / 10)
    assert bootstrap_p_value(np.array([-1.0, 2, 3, 4, 5, 6, 7, 8, 9])) == pytest.approx(2 * 2 / 10)
    assert bootstrap_p_value(np.zeros(9)) == 1


def test_p_values_are_uniform_when_nothing_differs():
    """Two results that are equally good: p-values below 0.1 come up about one time in ten."""
    found = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        shared = rng.uniform(0.3, 0.8, IMAGES)
        first, second = (result(shared + rng.normal(0, 0.05, IMAGES), clusters=IMAGES) for _ in range(2))
        found.append(compare(PROTOCOL, first, {"x": second})["x"][0].p_value)
    below = np.mean(np.array(found) < 0.1)
    assert 0.03 < below < 0.2
