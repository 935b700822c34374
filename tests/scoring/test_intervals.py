"""The bootstrap draws clusters, is the same every time, and agrees with the plain loop it replaces."""

import numpy as np
import pytest

from rgbtbench.cards.protocol import IntervalRules
from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.scoring import intervals
from rgbtbench.scoring.intervals import MIN_CLUSTERS, bootstrap_intervals, cluster_index, resampled_counts
from rgbtbench.scoring.segmentation.confusion import segmentation_metrics

RULES = SegmentationRules(absent="union")
IDS = range(4)


def counts_of(images, seed=0):
    """Confusion matrices in which every class occurs in every image, as (N, C, C + 1)."""
    return np.random.default_rng(seed).integers(1, 50, (images, 4, 5)) + 200 * np.eye(4, 5, dtype=np.int64)


def mean_iou(weights, counts):
    summed = np.einsum("rn,ncd->rcd", weights, counts)
    return {"miou": segmentation_metrics(summed, ids=IDS, rules=RULES)["miou"]}


def test_a_slow_loop_over_the_same_draws_gives_the_same_interval():
    counts = counts_of(12)
    clusters = np.array([0, 0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5])
    rules = IntervalRules(resamples=300, seed=7)
    fast = bootstrap_intervals(lambda weights: mean_iou(weights, counts), clusters, rules)["miou"]

    draws = np.concatenate(list(resampled_counts(6, resamples=300, seed=7)))
    slow = []
    for row in draws:
        images = [
            image
            for cluster, times in enumerate(row)
            for image in np.flatnonzero(clusters == cluster).tolist() * int(times)
        ]
        total = sum(counts[image] for image in images)
        slow.append(float(np.mean([total[c, c] / (total[c].sum() + total[:, c].sum() - total[c, c]) for c in IDS])))
    assert (fast.low, fast.high) == pytest.approx(tuple(100 * np.quantile(slow, (0.025, 0.975))))


def test_draws_are_the_same_for_every_machine_and_version():
    first = next(resampled_counts(5, resamples=3, seed=0))
    assert first.tolist() == [[0, 2, 1, 1, 1], [0, 1, 2, 1, 1], [1, 0, 1, 1, 2]]


@pytest.mark.parametrize("resamples", [1, 200, 201, 450])
def test_every_resample_draws_as_many_clusters_as_there_are(resamples):
    draws = np.concatenate(list(resampled_counts(9, resamples=resamples, seed=3)))
    assert draws.shape == (resamples, 9)
    assert (draws.sum(axis=1) == 9).all()


def test_draws_are_the_same_however_many_of_them_fit_into_memory(monkeypatch):
    together = np.concatenate(list(resampled_counts(9, resamples=20, seed=3)))
    monkeypatch.setattr(intervals, "_WEIGHTS", 30)
    blocks = list(resampled_counts(9, resamples=20, seed=3))
    assert {len(block) for block in blocks} == {3, 2}
    assert np.array_equal(np.concatenate(blocks), together)


def test_each_cluster_is_drawn_equally_often():
    draws = np.concatenate(list(resampled_counts(8, resamples=20_000, seed=1)))
    assert draws.mean(axis=0) == pytest.approx(np.ones(8), abs=0.03)


def test_the_interval_covers_a_known_mean_as_often_as_it_says():
    truth, hits = 10.0, 0
    rules = IntervalRules(resamples=400)
    for seed in range(200):
        values = np.random.default_rng(seed).normal(truth, 2.0, 60)
        mean = lambda weights, values=values: {"mean": weights @ values / weights.sum(axis=1)}  # noqa: E731
        interval = bootstrap_intervals(mean, np.arange(60), rules)["mean"]
        hits += interval.low <= truth <= interval.high
    assert 0.88 <= hits / 200 <= 0.99


def test_correlated_frames_widen_the_interval_only_when_their_cluster_is_drawn():
    values = np.repeat(np.random.default_rng(0).normal(0, 1, 20), 15)  # 20 clips of 15 equal frames
    clips = np.repeat(np.arange(20), 15)
    mean = lambda weights: {"mean": weights @ values / weights.sum(axis=1)}  # noqa: E731
    by_clip = bootstrap_intervals(mean, clips, IntervalRules(unit="cluster"))["mean"]
    by_frame = bootstrap_intervals(mean, clips, IntervalRules(unit="image"))["mean"]
    assert by_clip.high - by_clip.low > 3 * (by_frame.high - by_frame.low)


def test_too_few_clusters_give_no_interval():
    mean = lambda weights: {"mean": weights.sum(axis=1)}  # noqa: E731
    assert bootstrap_intervals(mean, np.arange(MIN_CLUSTERS - 1), IntervalRules()) == {}
    assert "mean" in bootstrap_intervals(mean, np.arange(MIN_CLUSTERS), IntervalRules())


def test_a_metric_that_a_resample_leaves_undefined_has_no_interval():
    found = bootstrap_intervals(
        lambda weights: {"always": weights[:, 0], "sometimes": np.where(weights[:, 0] > 0, 1.0, np.nan)},
        np.arange(6),
        IntervalRules(),
    )
    assert set(found) == {"always"}


def test_cluster_numbers_may_be_anything():
    assert cluster_index(np.array([40, 7, 40, 9]), IntervalRules()).tolist() == [2, 0, 2, 1]
    assert cluster_index(np.array([40, 7, 40]), IntervalRules(unit="image")).tolist() == [0, 1, 2]
