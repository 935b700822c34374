"""One confusion matrix, and every convention by which published tools turn it into different numbers."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.errors import CardError, LabelError, PredictionError
from rgbtbench.scoring.segmentation.confusion import (
    apply_background,
    class_metrics,
    confusion_matrix,
    segmentation_metrics,
    stratum_metrics,
)
from tests.scoring.published_masks import decoded, published_png

SHARED = Path(__file__).parents[3] / ".." / "shared"
needs_golden = pytest.mark.skipif(
    not (SHARED / "golden" / "segmentation").is_dir(), reason="the published predictions are not at ../shared/golden"
)
# Rows are labels, columns predictions: the toy matrix behind "the same masks score 50.0, 58.3, 75.0 or 100.0".
TOY = [[1, 1, 0], [0, 2, 0], [1, 0, 1]]


def with_no_class_column(square):
    return np.column_stack([np.asarray(square), np.zeros(len(square), np.int64)])


def metrics(square, **rules):
    counts = with_no_class_column(square)
    return segmentation_metrics(counts, ids=range(len(square)), rules=SegmentationRules(**rules))


@pytest.mark.parametrize(
    ("background", "miou"), [("included", 50.0), ("mean_excluded", 58.333), ("ignored", 75.0), ("deleted", 100.0)]
)
def test_the_four_background_rules_give_four_numbers(background, miou):
    assert metrics(TOY, background=background)["miou"] == pytest.approx(miou, abs=1e-3)


def test_a_background_rule_that_leaves_pixels_in_keeps_pixel_accuracy():
    assert metrics(TOY)["aacc"] == metrics(TOY, background="mean_excluded")["aacc"] == pytest.approx(100 * 4 / 6)
    assert metrics(TOY, background="ignored")["aacc"] == pytest.approx(75.0)
    assert metrics(TOY, background="deleted")["aacc"] == pytest.approx(100.0)


# Five classes of which two never occur: IoU 1/2, 2/3 and 1 for the others.
ABSENT = [[1, 1, 0, 0, 0], [0, 2, 0, 0, 0], [0, 0, 3, 0, 0], [0] * 5, [0] * 5]


@pytest.mark.parametrize(("absent", "miou"), [("gt_present", 72.222), ("union", 72.222), ("zero", 43.333)])
def test_absent_classes_are_left_out_or_count_zero(absent, miou):
    assert metrics(ABSENT, absent=absent)["miou"] == pytest.approx(miou, abs=1e-3)


def test_a_false_positive_of_an_unlabelled_class_changes_the_denominator_only_under_union():
    predicted = [row.copy() for row in ABSENT]
    predicted[2][2:4] = [2, 1]  # one pixel of class 2 is called class 3, which no label has
    assert metrics(predicted, absent="gt_present")["miou"] == pytest.approx(100 * (1 / 2 + 2 / 3 + 2 / 3) / 3)
    assert metrics(predicted, absent="union")["miou"] == pytest.approx(100 * (1 / 2 + 2 / 3 + 2 / 3) / 4)


def test_all_metrics_of_a_matrix_worked_by_hand():
    found = metrics([[3, 1], [2, 4]])
    assert found["miou"] == pytest.approx(100 * (3 / 6 + 4 / 7) / 2)
    assert found["macc"] == pytest.approx(100 * (3 / 4 + 4 / 6) / 2)
    assert found["aacc"] == pytest.approx(70.0)
    assert found["fwiou"] == pytest.approx(100 * (0.4 * 3 / 6 + 0.6 * 4 / 7))
    assert found["f1"] == pytest.approx(100 * (6 / 9 + 8 / 11) / 2)


def test_means_run_over_the_classes_that_the_protocol_names():
    assert metrics(TOY, classes=(1, 2))["miou"] == pytest.approx(100 * (2 / 3 + 1 / 2) / 2)
    with pytest.raises(CardError, match=r"\[7\] are no class ids"):
        metrics(TOY, classes=(1, 7))


def test_a_background_rule_needs_a_background():
    with pytest.raises(CardError, match="needs a class with id 0"):
        apply_background(np.zeros((2, 3), np.int64), ids=(1, 2), rules=SegmentationRules(background="ignored"))


def test_native_ids_need_not_be_consecutive():
    label = np.array([[2, 2, 7]], np.uint8)
    prediction = np.array([[2, 7, 7]], np.uint8)
    assert confusion_matrix(label, prediction, ids=(2, 7)).tolist() == [[1, 1, 0], [0, 1, 0]]


def test_ignored_labels_count_nowhere_and_abstaining_is_wrong():
    label = np.array([0, 0, 1, 255, 1], np.uint8)
    prediction = np.array([0, 255, 1, 1, 255], np.uint8)
    counts = confusion_matrix(label, prediction, ids=(0, 1))
    assert counts.tolist() == [[1, 0, 1], [0, 1, 1]]
    found = segmentation_metrics(counts, ids=(0, 1), rules=SegmentationRules())
    assert found["aacc"] == found["macc"] == found["miou"] == 50.0


def test_a_class_named_as_ignored_is_not_scored_but_predicting_it_is_wrong():
    label = np.array([0, 0, 1, 1], np.uint8)
    prediction = np.array([1, 0, 0, 1], np.uint8)
    rules = SegmentationRules(ignore_ids=(0, 255))
    counts = confusion_matrix(label, prediction, ids=(0, 1), ignore_ids=rules.ignore_ids)
    assert counts.tolist() == [[0, 0, 0], [1, 1, 0]]
    assert segmentation_metrics(counts, ids=(0, 1), rules=rules)["miou"] == 50.0


def test_an_id_outside_the_class_list_is_refused():
    zero, nine = np.zeros((2, 2), np.uint8), np.full((2, 2), 9, np.uint8)
    with pytest.raises(PredictionError, match=r"predicted ids 9 are no classes \(4 pixels\)"):
        confusion_matrix(zero, nine, ids=(0, 1))
    with pytest.raises(LabelError, match="labelled ids 9"):
        confusion_matrix(nine, zero, ids=(0, 1))


def test_a_prediction_of_another_shape_is_refused():
    with pytest.raises(PredictionError, match="at the size of the label"):
        confusion_matrix(np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8), ids=(0,))


def test_recall_inside_a_stratum_leaves_out_classes_without_pixels_there():
    found = stratum_metrics(np.array([3, 0, 1]), np.array([4, 0, 4]), ids=(0, 1, 2), rules=SegmentationRules())
    assert found == {"macc": pytest.approx(50.0), "aacc": pytest.approx(50.0)}


def test_a_resample_without_a_class_keeps_its_value_of_the_whole_set():
    whole = with_no_class_column([[4, 0], [1, 1]])
    resample = with_no_class_column([[4, 0], [0, 0]])
    found = segmentation_metrics(resample, ids=(0, 1), rules=SegmentationRules(), reference=whole)
    assert found["miou"] == pytest.approx((100.0 + 50.0) / 2)


masks = st.integers(1, 5).flatmap(
    lambda classes: st.tuples(
        st.just(classes),
        hnp.arrays(np.uint8, (2, 6, 7), elements=st.integers(0, classes - 1)),
    )
)
conventions = st.builds(
    SegmentationRules,
    background=st.sampled_from(["included", "mean_excluded", "ignored", "deleted"]),
    absent=st.sampled_from(["gt_present", "union", "zero"]),
)


@given(masks, conventions, st.randoms(use_true_random=False))
def test_renaming_classes_and_shuffling_pixels_changes_no_mean(drawn, rules, random):
    classes, (label, prediction) = drawn
    pixels = list(range(label.size))
    random.shuffle(pixels)
    names = [0, *random.sample(range(1, classes), classes - 1)]  # the background keeps its part
    renamed = np.array(names, np.uint8)
    ids = range(classes)
    before = segmentation_metrics(confusion_matrix(label, prediction, ids=ids), ids=ids, rules=rules)
    after = segmentation_metrics(
        confusion_matrix(renamed[label.ravel()[pixels]], renamed[prediction.ravel()[pixels]], ids=ids),
        ids=ids,
        rules=rules,
    )
    assert np.array(list(before.values())) == pytest.approx(np.array(list(after.values())), nan_ok=True)


@given(masks, conventions)
def test_metrics_are_percentages_and_a_perfect_prediction_has_a_hundred(drawn, rules):
    classes, (label, prediction) = drawn
    ids = range(classes)
    found = segmentation_metrics(confusion_matrix(label, prediction, ids=ids), ids=ids, rules=rules)
    assert all(np.isnan(value) or 0 <= value <= 100 for value in found.values())
    perfect = confusion_matrix(label, label, ids=ids)
    present = perfect.sum(axis=1) > 0
    assert class_metrics(perfect, rules)["iou"][present] == pytest.approx(100.0)


@given(masks)
def test_no_pixel_is_lost(drawn):
    classes, (label, prediction) = drawn
    assert confusion_matrix(label, prediction, ids=range(classes)).sum() == label.size


def counted_one_by_one(label, prediction, ids, ignore_ids):
    """The same table as a loop over pixels would fill it."""
    table = np.zeros((len(ids), len(ids) + 1), np.int64)
    for labelled, predicted in zip(label.ravel().tolist(), prediction.ravel().tolist(), strict=True):
        if labelled in ids and labelled not in ignore_ids:
            table[ids.index(labelled), ids.index(predicted) if predicted in ids else -1] += 1
    return table


@given(
    hnp.arrays(np.uint8, (2, 9, 11), elements=st.sampled_from([0, 1, 2, 7, 255])),
    st.sampled_from([(255,), (0, 255), (7, 255), ()]),
    conventions,
)
def test_counts_are_those_of_a_loop_over_pixels(pair, ignore_ids, rules):
    label, prediction = pair
    ids = (0, 1, 2, 7)
    counts = confusion_matrix(label, prediction, ids=ids, ignore_ids=ignore_ids)
    assert counts.dtype == np.int64
    assert np.array_equal(counts, counted_one_by_one(label, prediction, ids, ignore_ids))
    scored = apply_background(counts, ids=ids, rules=rules)
    kept = np.isin(label, ids) & ~np.isin(label, ignore_ids)
    if rules.background in ("ignored", "deleted"):
        kept &= label != 0
    if rules.background == "deleted":
        kept &= prediction != 0
    assert scored.sum() == kept.sum()


@pytest.mark.parametrize("pixels", [0, (1 << 24) + 5])
def test_no_pixel_is_lost_in_none_and_in_more_than_float32_counts(pixels):
    label = np.ones(pixels, np.uint8)
    assert confusion_matrix(label, label, ids=(0, 1)).tolist() == [[0, 0, 0], [0, pixels, 0]]


def test_pixels_of_one_pair_are_counted_beyond_what_float32_holds():
    label = np.ones((1 << 24) + 5, np.uint8)
    label[-3:] = 0
    assert confusion_matrix(label, np.ones_like(label), ids=(0, 1)).tolist() == [[0, 3, 0], [0, (1 << 24) + 2, 0]]


def test_part_of_an_image_is_counted_as_a_copy_of_it_is():
    label, prediction = np.random.default_rng(0).integers(0, 3, (2, 40, 60)).astype(np.uint8)
    part = np.s_[3:31:2, 50:7:-1]
    whole = confusion_matrix(np.ascontiguousarray(label[part]), np.ascontiguousarray(prediction[part]), ids=range(3))
    assert np.array_equal(confusion_matrix(label[part], prediction[part], ids=range(3)), whole)


def golden_counts(method, split):
    import cv2

    samples = SHARED / "samples" / "mfnet"
    total = np.zeros((9, 10), np.int64)
    for key in (samples / f"{split}.txt").read_text().split():
        label = cv2.imread(str(samples / "labels" / f"{key}.png"), cv2.IMREAD_UNCHANGED)
        total += confusion_matrix(label, decoded(published_png(method, key)), ids=range(9))
    return total


@needs_golden
@pytest.mark.parametrize("method", ["LASNet", "RTFNet152_qpq_runs"])
def test_published_predictions_score_what_the_reference_scripts_print(method):
    lines = (SHARED / "golden" / "segmentation" / "expected.jsonl").read_text().splitlines()
    for expected in (json.loads(line) for line in lines):
        if expected["method"] != method:
            continue
        counts = golden_counts(method, expected["split"])
        if expected["confusion"] is not None:
            assert counts[:, :9].tolist() == expected["confusion"]
        assert not counts[:, 9].any()
        union = segmentation_metrics(counts, ids=range(9), rules=SegmentationRules(absent="union"))
        zero = segmentation_metrics(counts, ids=range(9), rules=SegmentationRules(absent="zero"))
        found = {
            "rtfnet_mIoU": union["miou"],
            "rtfnet_mAcc": union["macc"],
            "rtfnet_mIoU_nan0": zero["miou"],
            "rtfnet_mAcc_nan0": zero["macc"],
        }
        lasnet = {
            "pixel_acc": union["aacc"],
            "class_acc": union["macc"],
            "mIou": union["miou"],
            "fwIou": union["fwiou"],
        }
        assert found == {name: pytest.approx(100 * expected[name], abs=1e-4) for name in found}
        assert lasnet == {
            name: pytest.approx(100 * value, abs=1e-4) for name, value in expected["lasnet_metrics"].items()
        }
        per_class = class_metrics(counts, SegmentationRules(absent="union"))["iou"]
        wanted = [np.nan if value is None else 100 * value for value in expected["lasnet_cls_iou"]]
        assert per_class == pytest.approx(wanted, abs=1e-4, nan_ok=True)
