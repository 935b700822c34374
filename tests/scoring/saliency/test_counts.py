"""What is kept of many images says every number again, and resamples, subsets and curves without them."""

import numpy as np
import pytest

from rgbtbench.cards.rules import SaliencyRules
from rgbtbench.leaderboard.store import MAX_STATISTICS_BYTES, pack_statistics
from rgbtbench.scoring.family import Classes
from rgbtbench.scoring.saliency.counts import SaliencyCounts
from rgbtbench.scoring.saliency.image import reduce_image
from rgbtbench.scoring.statistics import Statistics, from_arrays
from tests.scoring.saliency.golden import TOOL
from tests.scoring.saliency.plain import ours
from tests.scoring.saliency.scenes import scene

NONE = Classes((), ())
IMAGES = 7


def scenes():
    """Soft and hard maps, one of 16 bits, a grey mask and an empty one."""
    pairs = [scene(seed, kind=kind) for seed, kind in enumerate(["soft", "hard", "specks", "noise", "soft"])]
    deep, truth = scene(5)
    pairs.append((deep.astype(np.uint16) * np.uint16(250) + np.uint16(9), truth))
    grey = np.clip(truth.astype(int) - 40 * (np.arange(truth.size) % 3).reshape(truth.shape), 0, 255)
    pairs[1] = (pairs[1][0], grey.astype(np.uint8))
    pairs.append((deep, np.zeros_like(truth)))
    return pairs


def counted(rules, pairs=None):
    pairs = scenes() if pairs is None else pairs
    images = tuple(reduce_image(prediction, truth, rules) for prediction, truth in pairs)
    return SaliencyCounts(images, np.zeros(len(images), np.bool_))


def metrics(counts, rules, images=None, weights=None):
    chosen = np.ones(len(counts.images), np.bool_) if images is None else images
    weights = np.ones((1, int(chosen.sum()))) if weights is None else weights
    return counts.measure(rules, NONE, chosen)(weights, False)


def expected(rules, pairs):
    """Means written out; F leaves out what the rules leave out."""
    found = [ours(prediction, truth, rules) for prediction, truth in pairs]
    with_foreground = [at for at, (_, truth) in enumerate(pairs) if truth.any()]
    of_f = with_foreground if rules.empty_truth == "skip" else range(len(pairs))
    e_curve = np.mean([image["e_curve"] for image in found], axis=0)
    f_curve = np.mean([found[at]["f_curve"] for at in of_f], axis=0)
    return {
        "mae": np.mean([image["mae"] for image in found]),
        "s_measure": np.mean([image["s_measure"] for image in found]),
        "e_max": e_curve.max(),
        "e_mean": e_curve.mean(),
        "e_adaptive": np.mean([image["e_adaptive"] for image in found]),
        "f_max": f_curve.max(),
        "f_mean": f_curve.mean(),
        "f_adaptive": np.mean([found[at]["f_adaptive"] for at in of_f]),
        "f_weighted": np.nanmean([image["f_weighted"] for image in found]),
    }


RULES = pytest.mark.parametrize("rules", [SaliencyRules(), TOOL], ids=["default", "tool"])


@RULES
def test_results_are_means_and_the_best_threshold_is_that_of_the_mean_curve(rules):
    found = metrics(counted(rules), rules)
    for name, value in expected(rules, scenes()).items():
        assert found[name][0] == pytest.approx(value, abs=1e-14), name
    assert len(found) == 9


@RULES
def test_statistics_say_every_number_again(rules):
    counts = counted(rules)
    keys = tuple(str(number) for number in range(IMAGES))
    stored = Statistics(keys, np.arange(IMAGES), np.zeros(0, np.int64), (), {}, counts).to_arrays()
    again = from_arrays(stored, SaliencyCounts).counts
    first, second = (metrics(version, rules) for version in (counts, again))
    assert all(np.array_equal(first[name], second[name]) for name in first)


@RULES
def test_a_weight_is_an_image_taken_so_often(rules):
    pairs = scenes()
    times = [2, 0, 1, 3, 0, 1, 1]
    found = metrics(counted(rules), rules, weights=np.array([times, [1] * IMAGES], np.float64))
    repeated = [pair for pair, count in zip(pairs, times, strict=True) for _ in range(count)]
    for name, value in expected(rules, repeated).items():
        assert found[name][0] == pytest.approx(value, abs=1e-14), name
    for name, value in expected(rules, pairs).items():
        assert found[name][1] == pytest.approx(value, abs=1e-14), name


def test_a_subset_is_its_images_alone():
    rules, pairs = SaliencyRules(), scenes()
    chosen = np.array([True, False, True, False, False, False, True])
    found = metrics(counted(rules), rules, images=chosen)
    for name, value in expected(rules, [pair for pair, one in zip(pairs, chosen, strict=True) if one]).items():
        assert found[name][0] == pytest.approx(value, abs=1e-14), name


def test_the_order_of_images_changes_nothing():
    pairs = scenes()
    forward, backward = (metrics(counted(TOOL, order), TOOL) for order in (pairs, pairs[::-1]))
    for name, value in forward.items():
        assert backward[name][0] == pytest.approx(value[0], abs=1e-15), name


def test_f_of_nothing_but_images_that_are_left_out_is_no_number():
    found = metrics(counted(TOOL), TOOL, images=np.arange(IMAGES) == IMAGES - 1)
    assert np.isnan([found[name][0] for name in ("f_max", "f_mean", "f_adaptive")]).all()
    assert np.isfinite([found[name][0] for name in ("mae", "s_measure", "e_max", "f_weighted")]).all()


@RULES
def test_curves_run_over_all_thresholds(rules):
    curves = counted(rules).curves(rules, NONE)
    found = metrics(counted(rules), rules)
    assert {name: (curve.x_name, curve.y_name) for name, curve in curves.items()} == {
        "recall_precision": ("recall", "precision"),
        "threshold_f": ("threshold", "f"),
        "threshold_e": ("threshold", "e"),
    }
    assert {len(curve.x) for curve in curves.values()} == {rules.thresholds}
    assert max(curves["threshold_f"].y) == pytest.approx(found["f_max"][0])
    assert max(curves["threshold_e"].y) == pytest.approx(found["e_max"][0])
    assert (curves["threshold_f"].x[0], curves["threshold_f"].x[-1]) == (0, 1)
    recall = curves["recall_precision"].x
    assert list(recall) == sorted(recall, reverse=True)


def test_unusual_masks_are_noted():
    counts = counted(SaliencyRules())
    assert counts.notes(SaliencyRules(), NONE) == (
        "masks without foreground: 1; they count 0 in F and count 0 in weighted F",
    )
    scaled = SaliencyCounts(counts.images[:2], np.array([True, False]))
    assert scaled.notes(SaliencyRules(), NONE) == ("masks of 0 and 1, whose 1 is taken as foreground: 1",)


def test_soft_maps_of_vt5000s_size_take_less_than_a_record_may():
    few = 40
    images = [reduce_image(*scene(seed, shape=(480, 640), kind="soft"), SaliencyRules()) for seed in range(few)]
    packed = pack_statistics(SaliencyCounts(tuple(images), np.zeros(few, np.bool_)).to_arrays())
    assert 2500 / few * len(packed) < MAX_STATISTICS_BYTES
