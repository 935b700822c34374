"""COCO average precision: our own numbers and those of two other programs are the same numbers, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbtbench.cards.rules import CocoRules
from rgbtbench.predictions.boxes import BoxTable, sorted_table
from rgbtbench.scoring.average_precision.coco_metrics import CocoMetrics
from rgbtbench.scoring.average_precision.counts import CocoCounts
from rgbtbench.scoring.average_precision.engine import engine_metrics
from rgbtbench.scoring.average_precision.matching import match_detections
from rgbtbench.scoring.average_precision.tables import TruthTable
from rgbtbench.scoring.family import Classes
from tests.scoring.average_precision.box_sets import GOLDEN, golden, needs_golden, part, random_set
from tests.scoring.average_precision.reference_coco import (
    NAMES,
    pycocotools_classes,
    pycocotools_metrics,
)

OPTIONS = [
    {},
    {"ties": False},
    {"crowd": 0.0},
    {"crowd": 1.0},
    {"whole": True},
    {"detections": 400, "images": 12, "classes": 1},
    {"boxes": 1, "classes": 8},
    {"detections": 1},
]


def named(options):
    return ",".join(f"{name}={value}" for name, value in options.items()) or "ties and crowds"


def own_metrics(truth, found, *, image_ids, class_ids):
    matches = match_detections(truth, found, image_ids=image_ids, class_ids=class_ids)
    values = CocoMetrics(matches).measure(np.ones((1, len(image_ids))))
    return {name: float(value[0]) for name, value in values.items()}


def same(first, second):
    """Whether two sets of numbers are equal to the last bit; NaN equals NaN."""
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name], equal_nan=True) for name in first
    )


@pytest.mark.parametrize("options", OPTIONS, ids=named)
def test_twelve_numbers_are_those_of_pycocotools(options):
    truth, found, image_ids, class_ids = random_set(7, **options)
    ours = own_metrics(truth, found, image_ids=image_ids, class_ids=class_ids)
    assert same(ours, pycocotools_metrics(truth, found, image_ids=image_ids, class_ids=class_ids))


@pytest.mark.parametrize("options", OPTIONS, ids=named)
def test_twelve_numbers_are_those_of_the_engine(options, capfd):
    truth, found, image_ids, class_ids = random_set(7, **options)
    ours = own_metrics(truth, found, image_ids=image_ids, class_ids=class_ids)
    engine = engine_metrics(truth, found, image_ids=image_ids, class_ids=class_ids)
    assert same(ours, {name: np.nan if value is None else value for name, value in engine.items()})
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("most", [(1, 10, 20), (1, 10, 300)])
def test_the_engine_keeps_to_the_numbers_of_detections_that_rules_set(most):
    truth, found, image_ids, class_ids = random_set(8, detections=400, images=12, classes=1)
    matches = match_detections(truth, found, image_ids=image_ids, class_ids=class_ids, max_detections=most[-1])
    ours = CocoMetrics(matches, max_detections=most).measure(np.ones((1, len(image_ids))))
    engine = engine_metrics(truth, found, image_ids=image_ids, class_ids=class_ids, max_detections=most)
    assert same({name: float(value[0]) for name, value in ours.items()}, engine)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    images=st.integers(1, 12),
    classes=st.integers(1, 4),
    boxes=st.integers(1, 8),
    detections=st.integers(1, 30),
    crowd=st.sampled_from([0.0, 0.2, 0.8]),
    whole=st.booleans(),
)
def test_no_set_of_boxes_is_scored_otherwise_than_by_pycocotools(seed, **options):
    truth, found, image_ids, class_ids = random_set(seed, **options)
    ours = own_metrics(truth, found, image_ids=image_ids, class_ids=class_ids)
    assert same(ours, pycocotools_metrics(truth, found, image_ids=image_ids, class_ids=class_ids))


def test_every_class_has_the_value_of_pycocotools():
    truth, found, image_ids, class_ids = random_set(3, classes=6, boxes=2)
    extra = np.append(class_ids, class_ids[-1] + 1)  # a class without ground truth
    counts = CocoCounts(match_detections(truth, found, image_ids=image_ids, class_ids=extra))
    classes = Classes(tuple(extra.tolist()), tuple(f"class {number}" for number in extra))
    ours = counts.per_class(CocoRules(), classes)
    reference = pycocotools_classes(truth, found, image_ids=image_ids, class_ids=extra)
    assert [values["ap"] for values in ours.values()] == reference
    assert reference[-1] is None


def test_a_part_of_the_images_is_scored_as_if_there_were_no_others():
    truth, found, image_ids, class_ids = random_set(11)
    chosen = image_ids % 3 == 0
    counts = CocoCounts(match_detections(truth, found, image_ids=image_ids, class_ids=class_ids))
    classes = Classes(tuple(class_ids.tolist()), tuple(map(str, class_ids)))
    measure = counts.measure(CocoRules(), classes, chosen)
    ours = {name: float(values[0]) for name, values in measure(np.ones((1, int(chosen.sum()))), False).items()}
    ids = image_ids[chosen]
    assert same(ours, pycocotools_metrics(*part(truth, found, ids), image_ids=ids.tolist(), class_ids=class_ids))


@needs_golden
@pytest.mark.parametrize("ordered", [False, True], ids=["as in the file", "in the order of all results"])
def test_the_official_fake_results_score_what_coco_published(ordered):
    truth, found, image_ids, class_ids = golden()
    line = (GOLDEN / "expected.txt").read_text().splitlines()[0]
    published = [100 * float(value) for value in line[line.index("[") + 1 : line.index("]")].split(",")]
    ours = own_metrics(truth, sorted_table(found) if ordered else found, image_ids=image_ids, class_ids=class_ids)
    assert [ours[name] for name in NAMES] == pytest.approx(published, abs=1e-7)


def test_without_detections_everything_is_missed():
    truth, _, image_ids, class_ids = random_set(1)
    none = BoxTable(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 4)), np.zeros(0))
    ours = own_metrics(truth, none, image_ids=image_ids, class_ids=class_ids)
    assert set(ours.values()) == {0.0}
    assert engine_metrics(truth, none, image_ids=image_ids, class_ids=class_ids) == ours


def test_without_ground_truth_nothing_is_defined():
    _, found, image_ids, class_ids = random_set(1)
    nothing = np.zeros(0, np.int64)
    truth = TruthTable(nothing, nothing, np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.bool_))
    ours = own_metrics(truth, found, image_ids=image_ids, class_ids=class_ids)
    assert all(np.isnan(value) for value in ours.values())
    assert set(engine_metrics(truth, found, image_ids=image_ids, class_ids=class_ids).values()) == {None}


def test_the_first_annotation_is_no_trap():
    truth = TruthTable(
        np.array([1]), np.array([1]), np.array([[0.0, 0, 50, 50]]), np.array([2500.0]), np.array([False])
    )
    found = BoxTable(np.array([1]), np.array([1]), truth.xywh, np.array([0.5]))
    one = np.array([1])
    assert own_metrics(truth, found, image_ids=one, class_ids=one)["ap"] == pytest.approx(100.0)
    assert engine_metrics(truth, found, image_ids=one, class_ids=one)["ap"] == pytest.approx(100.0)


def test_a_box_of_exactly_32_by_32_is_small_and_medium():
    one = np.array([1])
    truth = TruthTable(one, one, np.array([[0.0, 0, 32, 32]]), np.array([1024.0]), np.array([False]))
    found = BoxTable(one, one, truth.xywh, np.array([0.5]))
    ours = own_metrics(truth, found, image_ids=one, class_ids=one)
    assert ours["ap_small"] == ours["ap_medium"] == pytest.approx(100.0)
    assert np.isnan(ours["ap_large"])


def test_the_area_of_the_annotation_decides_the_range_not_its_box():
    one = np.array([1])
    truth = TruthTable(one, one, np.array([[0.0, 0, 100, 100]]), np.array([900.0]), np.array([False]))
    found = BoxTable(one, one, truth.xywh, np.array([0.5]))
    ours = own_metrics(truth, found, image_ids=one, class_ids=one)
    assert ours["ap_small"] == pytest.approx(100.0)
    assert np.isnan(ours["ap_large"])


def test_images_without_boxes_can_only_add_false_positives():
    truth, found, image_ids, class_ids = random_set(3)
    longer = np.append(image_ids, image_ids[-1] + 1)
    same_numbers = own_metrics(truth, found, image_ids=longer, class_ids=class_ids)
    assert same(same_numbers, own_metrics(truth, found, image_ids=image_ids, class_ids=class_ids))


@pytest.mark.parametrize("seed", range(4))
def test_weights_stand_for_repeated_images(seed):
    # Without ties: the reference would put the copies of tied detections in another order.
    truth, found, image_ids, class_ids = random_set(seed, images=12, ties=False)
    matches = match_detections(truth, found, image_ids=image_ids, class_ids=class_ids)
    draws = np.random.default_rng(seed).choice(image_ids, (3, len(image_ids)))
    weights = np.stack([np.bincount(drawn, minlength=len(image_ids) + 1)[1:] for drawn in draws]).astype(float)
    ours = CocoMetrics(matches).measure(weights)
    for row, drawn in enumerate(draws):
        reference = pycocotools_metrics(truth, found, image_ids=np.sort(drawn).tolist(), class_ids=class_ids)
        assert {name: values[row] for name, values in ours.items()} == pytest.approx(reference, abs=1e-9, nan_ok=True)


def test_a_resample_without_a_class_keeps_its_value_of_the_whole_set():
    truth, found, image_ids, class_ids = random_set(2, classes=2, boxes=1)
    matches = match_detections(truth, found, image_ids=image_ids, class_ids=class_ids)
    whole = np.ones(len(image_ids))
    lacks = (matches.positives[1, 0] == 0).astype(float)  # only images without the second class
    metrics = CocoMetrics(matches)
    per_class = metrics.precision(np.vstack([whole, lacks]), 0)[:, 0].mean(axis=1)
    assert np.isnan(per_class[1, 1])
    found_ap50 = metrics.measure(lacks[None], resampled=True)["ap50"][0]
    assert found_ap50 == pytest.approx(50 * (per_class[1, 0] + per_class[0, 1]))


def test_the_order_of_rows_changes_nothing():
    truth, found, image_ids, class_ids = random_set(5)
    mixed = np.random.default_rng(0).permutation(len(found.scores))
    shuffled = sorted_table(found.of(mixed))
    assert shuffled.sha256 == found.sha256
    again = own_metrics(truth, shuffled, image_ids=image_ids, class_ids=class_ids)
    assert same(again, own_metrics(truth, found, image_ids=image_ids, class_ids=class_ids))


def test_more_resamples_at_a_time_change_nothing():
    truth, found, image_ids, class_ids = random_set(9, ties=False)
    metrics = CocoMetrics(match_detections(truth, found, image_ids=image_ids, class_ids=class_ids))
    weights = np.random.default_rng(0).multinomial(len(image_ids), np.full(len(image_ids), 1 / len(image_ids)), 50)
    together = metrics.measure(weights.astype(float))
    alone = [metrics.measure(row[None].astype(float)) for row in weights]
    assert same(together, {name: np.concatenate([part[name] for part in alone]) for name in together})


def test_curves_fall_from_left_to_right_and_enclose_ap50():
    truth, found, image_ids, class_ids = random_set(4)
    counts = CocoCounts(match_detections(truth, found, image_ids=image_ids, class_ids=class_ids))
    classes = Classes(tuple(class_ids.tolist()), tuple(map(str, class_ids)))
    curves = counts.curves(CocoRules(), classes)
    everything = np.ones(len(image_ids), np.bool_)
    values = counts.measure(CocoRules(), classes, everything)(np.ones((1, len(image_ids))), False)
    for name, curve in curves.items():
        assert (np.diff(curve.y) <= 0).all()
        assert 100 * np.mean(curve.y) == pytest.approx(values[name.replace("precision_recall_", "ap")][0])


@pytest.mark.parametrize("options", [{"images": 5, "classes": 4}, {"images": 60, "classes": 1, "boxes": 20}], ids=named)
def test_resamples_are_averaged_over_recalls_whether_hits_or_recalls_are_fewer(options):
    truth, found, image_ids, class_ids = random_set(6, **options)
    metrics = CocoMetrics(match_detections(truth, found, image_ids=image_ids, class_ids=class_ids))
    weights = np.random.default_rng(0).multinomial(len(image_ids), np.full(len(image_ids), 1 / len(image_ids)), 9)
    for area in range(4):
        precision = metrics.precision(weights.astype(float), area).mean(axis=2)
        assert metrics.average_precision(weights.astype(float), area) == pytest.approx(precision, nan_ok=True)


@pytest.mark.parametrize("options", OPTIONS, ids=named)
def test_what_is_stored_gives_the_same_numbers_to_the_last_bit(options):
    truth, found, image_ids, class_ids = random_set(8, **options)
    counts = CocoCounts(match_detections(truth, found, image_ids=image_ids, class_ids=class_ids))
    stored = CocoCounts.from_arrays(counts.to_arrays())
    weights = np.random.default_rng(0).multinomial(len(image_ids), np.full(len(image_ids), 1 / len(image_ids)), 20)
    for rows, resampled in ((np.ones((1, len(image_ids))), False), (weights.astype(float), True)):
        ours, theirs = (CocoMetrics(one.matches).measure(rows, resampled=resampled) for one in (counts, stored))
        assert same(ours, theirs)
    again = stored.to_arrays()
    assert all(np.array_equal(values, again[name]) for name, values in counts.to_arrays().items())
