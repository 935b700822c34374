"""VOC's and YOLO's average precision: the fast numbers are those of a slow program, and hand-worked ones."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rgbtbench
from rgbtbench.cards.rules import VocRules, YoloRules
from rgbtbench.predictions.boxes import BoxTable, sorted_table
from rgbtbench.scoring.average_precision.argmax_matching import match_argmax
from rgbtbench.scoring.average_precision.matching import IOU_THRESHOLDS
from rgbtbench.scoring.average_precision.tables import TruthTable
from rgbtbench.scoring.average_precision.voc_family import VocCounts
from rgbtbench.scoring.average_precision.yolo_family import YoloCounts
from rgbtbench.scoring.family import Classes
from tests.scoring.average_precision import reference_variants as reference
from tests.scoring.average_precision.box_sets import random_set
from tests.scoring.average_precision.reference_coco import coco_sets

VOC = {"voc07": (reference.eleven_points, 0.0), "voc07+pixel": (reference.eleven_points, 1.0),
       "voc10": (reference.area, 0.0), "voc10+pixel": (reference.area, 1.0)}  # fmt: skip
ENDINGS = {"yolov5": "yolov5", "yolov5-v6": "yolov5_v6", "ultralytics": "ultralytics"}
SETS = [{}, {"crowd": 0.0, "ties": False}, {"boxes": 2, "detections": 3}, {"images": 5, "detections": 100}]


def scored(folder, name, truth, found, image_ids, class_ids):
    dataset, rows = coco_sets(truth, found, image_ids=image_ids.tolist(), class_ids=class_ids)
    for path, content in (("instances.json", dataset), ("results.json", rows)):
        (folder / path).write_text(json.dumps(content))
    return rgbtbench.score(f"generic/{name}", folder / "results.json", ground_truth=folder / "instances.json")


@pytest.mark.parametrize("options", SETS)
@pytest.mark.parametrize("name", VOC)
def test_voc_is_that_of_a_slow_program(tmp_path, name, options):
    boxes = random_set(5, **options)
    integrate, pixel = VOC[name]
    expected = reference.voc_ap(*boxes, integrate=integrate, pixel=pixel)
    assert scored(tmp_path, name, *boxes).metrics == {"ap50": pytest.approx(expected, abs=1e-9)}


@pytest.mark.parametrize("options", SETS)
@pytest.mark.parametrize("name", ENDINGS)
def test_yolo_is_that_of_a_slow_program(tmp_path, name, options):
    boxes = random_set(5, **options)
    expected = reference.yolo_ap(*boxes, ending=ENDINGS[name], thresholds=IOU_THRESHOLDS)
    metrics = scored(tmp_path, name, *boxes).metrics
    assert metrics == {
        "ap": pytest.approx(expected.mean(), abs=1e-9),
        "ap50": pytest.approx(expected[0], abs=1e-9),
        "ap75": pytest.approx(expected[5], abs=1e-9),
    }


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    images=st.integers(1, 8),
    boxes=st.integers(1, 8),
    detections=st.integers(1, 30),
    crowd=st.sampled_from([0.0, 0.3]),
    whole=st.booleans(),
    draws=st.integers(0, 100),
)
def test_weights_stand_for_repeated_images_under_every_rule(seed, draws, **options):
    # Of equal scores one image's copies would stand together in the fast program and apart in the slow one.
    truth, found, image_ids, class_ids = random_set(seed, classes=2, ties=False, **options)
    drawn = np.sort(np.random.default_rng(draws).choice(image_ids, len(image_ids)))
    weights = np.bincount(drawn, minlength=len(image_ids) + 1)[None, 1:].astype(float)
    classes = Classes((1, 2), ("one", "two"))
    repeated_truth, repeated_found = repeated(truth, drawn), sorted_table(repeated(found, drawn))
    repeated_ids = np.arange(1, len(drawn) + 1)
    everything = np.ones(len(image_ids), np.bool_)
    matched = match_argmax(
        truth, found, image_ids=image_ids, class_ids=class_ids, thresholds=np.array([0.5]), overlap="above"
    )
    for integration, integrate in (("eleven_points", reference.eleven_points), ("area", reference.area)):
        rules = VocRules(integration=integration)
        values = VocCounts(matched).measure(rules, classes, everything)(weights, False)["ap50"]
        expected = (
            reference.voc_ap(repeated_truth, repeated_found, repeated_ids, class_ids, integrate=integrate)
            if ((~repeated_truth.crowd).any())
            else np.nan
        )
        assert values == pytest.approx([expected], abs=1e-9, nan_ok=True)
    if not truth.crowd.any():
        matched = match_argmax(
            truth, found.of(found.scores > 0.001), image_ids=image_ids, class_ids=class_ids,
            thresholds=IOU_THRESHOLDS, overlap="above",
        )  # fmt: skip
        for ending in ("yolov5", "yolov5_v6"):
            measure = YoloCounts(matched).measure(YoloRules(integration=ending), classes, everything)
            expected = (
                reference.yolo_ap(
                    repeated_truth, repeated_found, repeated_ids, class_ids, ending=ending, thresholds=IOU_THRESHOLDS
                )
                if len(repeated_truth.labels)
                else np.full(10, np.nan)
            )
            assert measure(weights, False)["ap"] == pytest.approx([expected.mean()], abs=1e-9, nan_ok=True)


def repeated(table, drawn):
    """Return the rows of the drawn images, which are numbered anew."""
    rows = [np.flatnonzero(table.image_ids == image) for image in drawn]
    part = table.of(np.concatenate(rows))
    numbers = np.repeat(np.arange(1, len(drawn) + 1), [len(found) for found in rows])
    return type(part)(**{**vars(part), "image_ids": numbers})


ONE_CLASS = np.array([1])


def one_image(truth, found, scores):
    truth, found = np.array(truth, float).reshape(-1, 4), np.array(found, float).reshape(-1, 4)
    ones = np.ones(len(truth), np.int64)
    objects = TruthTable(ones, ones, truth, truth[:, 2] * truth[:, 3], np.zeros(len(truth), bool))
    detections = BoxTable(np.ones(len(found), np.int64), np.ones(len(found), np.int64), found, np.array(scores, float))
    return objects, sorted_table(detections), ONE_CLASS, ONE_CLASS


# Three objects of which two are found, with a false detection between: precision 1 and 2/3 at recalls 1/3 and 2/3.
TWO_OF_THREE = one_image(
    [[0, 0, 10, 10], [20, 0, 10, 10], [40, 0, 10, 10]],
    [[0, 0, 10, 10], [80, 80, 10, 10], [20, 0, 10, 10]],
    [0.9, 0.8, 0.7],
)


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        ("voc07", (4 + 3 * 2 / 3) / 11),  # recalls 0 to 0.3, then 0.4 to 0.6
        ("voc10", (1 + 2 / 3) / 3),
        # Recalls 0 to 0.33 read 1 and 0.34 to 0.66 read 2/3; then 2/3 falls to 0 within 0.01, or until 1, or at once.
        ("yolov5", (33.5 + 33 * 2 / 3 + (2 / 3) * (1 - (0.67 - 2 / 3) / 0.01)) / 100),
        ("yolov5-v6", (33.5 + 33 * 2 / 3 + sum((2 / 3) * (1 - at / 100) * 3 for at in range(67, 101))) / 100),
        ("ultralytics", (33.5 + 33 * 2 / 3) / 100),
    ],
)
def test_two_of_three_objects_by_hand(tmp_path, name, by_hand):
    assert scored(tmp_path, name, *TWO_OF_THREE).metrics["ap50"] == pytest.approx(100 * by_hand)


def test_a_detection_whose_best_object_is_taken_is_false_though_another_is_free(tmp_path):
    # The second detection overlaps both objects enough, the first one more.
    boxes = one_image([[0, 0, 10, 10], [3, 0, 10, 10]], [[0, 0, 10, 10], [1, 0, 10, 10]], [0.9, 0.8])
    assert scored(tmp_path, "voc10", *boxes).metrics["ap50"] == pytest.approx(50)
    # Recall 0.5 itself is read after the false detection, and what is left falls to 0 at 0.51.
    assert scored(tmp_path, "yolov5", *boxes).metrics["ap50"] == pytest.approx(49 + 0.75 + 0.25)
    assert scored(tmp_path, "ultralytics", *boxes).metrics["ap50"] == pytest.approx(99.5)


def test_an_overlap_of_exactly_one_half_is_none_unless_the_rule_says_so():
    boxes = one_image([[0, 0, 10, 10]], [[0, 0, 10, 20]], [0.9])
    for overlap, value in (("above", 0.0), ("at_least", 100.0)):
        matches = match_argmax(
            *boxes[:2], image_ids=ONE_CLASS, class_ids=ONE_CLASS, thresholds=np.array([0.5]), overlap=overlap
        )
        measure = VocCounts(matches).measure(VocRules(overlap=overlap), Classes((1,), ("one",)), np.ones(1, bool))
        assert measure(np.ones((1, 1)), False)["ap50"] == pytest.approx([value])


def test_a_pixel_makes_a_match_of_boxes_that_just_miss(tmp_path):
    # IoU is 10 / 21 as they are, and 22 / 42 with a pixel more.
    boxes = one_image([[0, 0, 10, 1]], [[0, 0, 10, 2.1]], [0.9])
    assert scored(tmp_path, "voc10", *boxes).metrics["ap50"] == 0.0
    assert scored(tmp_path, "voc10+pixel", *boxes).metrics["ap50"] == pytest.approx(100.0)


def test_a_difficult_object_takes_any_number_of_detections_and_none_of_them_counts(tmp_path):
    truth, found, *ids = one_image(
        [[0, 0, 10, 10], [50, 0, 10, 10]], [[0, 0, 10, 10], [0, 0, 10, 9], [50, 0, 10, 10]], [0.9, 0.8, 0.7]
    )
    hidden = TruthTable(**{**vars(truth), "crowd": np.array([True, False])})
    assert scored(tmp_path, "voc10", hidden, found, *ids).metrics["ap50"] == pytest.approx(100.0)
    # YOLO code bases know no such objects: two detections are false before the hit.
    assert scored(tmp_path, "yolov5", hidden, found, *ids).metrics["ap50"] < 40


def test_only_scores_above_the_least_and_the_best_of_an_image_are_looked_at(tmp_path):
    truth = [[20 * at, 0, 10, 10] for at in range(2)]
    many = [[0, 500, 10, 10]] * 300
    boxes = one_image(truth, [truth[0], *many[:299], truth[1]], [0.9, *np.linspace(0.8, 0.5, 299), 0.4])
    assert scored(tmp_path, "yolov5", *boxes).per_class["class 1"]["ap50"] < 51
    low = one_image(truth, [truth[0], truth[1]], [0.9, 0.001])
    assert scored(tmp_path, "yolov5", *low).metrics["ap50"] == pytest.approx(50.5)


def test_what_is_taken_at_one_half_is_taken_at_every_overlap_by_yolov5_alone(tmp_path):
    # The worse box comes first; the better one comes second and is false at every threshold.
    boxes = one_image([[0, 0, 10, 10]], [[0, 0, 10, 14], [0, 0, 10, 10]], [0.9, 0.8])
    yolov5 = scored(tmp_path, "yolov5", *boxes).metrics
    assert yolov5["ap50"] == pytest.approx(99 + 0.75)
    assert yolov5["ap75"] == 0.0
    assert scored(tmp_path, "ultralytics", *boxes).metrics["ap75"] == pytest.approx(49.75)


def test_the_v6_rule_gives_points_for_recalls_that_are_never_reached(tmp_path):
    boxes = one_image([[20 * at, 0, 10, 10] for at in range(4)], [[0, 0, 10, 10]], [0.9])
    plain, sloped = (scored(tmp_path, name, *boxes).metrics["ap50"] for name in ("yolov5", "yolov5-v6"))
    assert plain == pytest.approx(25.5, abs=0.1)
    assert sloped == pytest.approx(62.5, abs=0.1)


def test_ids_differ_as_rules_do(tmp_path):
    boxes = random_set(5)
    names = [*VOC, *ENDINGS, "coco-ap"]
    found = {name: scored(tmp_path, name, *boxes) for name in names}
    assert len({score.protocol.id for score in found.values()}) == len(names)
    assert len({score.metrics["ap50"] for score in found.values()}) == len(names)
    assert all(score.intervals["ap50"].low < score.metrics["ap50"] for score in found.values())
