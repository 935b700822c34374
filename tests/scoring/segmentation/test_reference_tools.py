"""The same masks under the conventions of other tools give those tools' numbers."""

import numpy as np
import pytest

from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.scoring.segmentation.confusion import class_metrics, confusion_matrix, segmentation_metrics

CLASSES = 6


def scene(seed):
    """Six images of six classes: the fourth is never labelled but predicted, the last occurs nowhere, some is void."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(np.array([0, 1, 2, 4, 255], np.uint8), (6, 30, 40), p=[0.5, 0.2, 0.15, 0.1, 0.05])
    wrong = rng.choice(np.array([0, 1, 2, 3, 4], np.uint8), labels.shape)
    predictions = np.where((rng.random(labels.shape) < 0.6) & (labels != 255), labels, wrong)
    return labels, predictions


def counted(labels, predictions):
    pairs = zip(labels, predictions, strict=True)
    return sum(confusion_matrix(label, prediction, ids=range(CLASSES)) for label, prediction in pairs)


def ours(labels, predictions, **rules):
    found = segmentation_metrics(counted(labels, predictions), ids=range(CLASSES), rules=SegmentationRules(**rules))
    return {name: float(value) for name, value in found.items()}


@pytest.mark.parametrize("seed", range(3))
def test_mmsegmentation(seed):
    pytest.importorskip("mmseg", reason="mmsegmentation is not installed: pip install '.[mmseg]'")
    import torch
    from mmseg.evaluation.metrics import IoUMetric

    labels, predictions = scene(seed)
    metric = IoUMetric(ignore_index=255, iou_metrics=["mIoU", "mFscore"])
    metric.dataset_meta = {"classes": [str(number) for number in range(CLASSES)]}
    for label, prediction in zip(labels, predictions, strict=True):
        metric.process(
            {},
            [
                {
                    "pred_sem_seg": {"data": torch.from_numpy(prediction.astype(np.int64))},
                    "gt_sem_seg": {"data": torch.from_numpy(label.astype(np.int64))},
                }
            ],
        )
    theirs = metric.compute_metrics(metric.results)
    found = ours(labels, predictions, absent="union")
    assert round(found["miou"], 2) == pytest.approx(theirs["mIoU"], abs=1e-9)
    assert round(found["aacc"], 2) == pytest.approx(theirs["aAcc"], abs=1e-9)
    assert round(found["macc"], 2) == pytest.approx(theirs["mAcc"], abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_cmx_and_deliver_differ_in_classes_that_do_not_occur(seed):
    """CMX means over IoUs that are numbers; DELIVER's metric sets the others to 0."""
    labels, predictions = scene(seed)
    valid = labels < CLASSES
    histogram = np.zeros((CLASSES, CLASSES))
    np.add.at(histogram, (labels[valid], predictions[valid]), 1)
    with np.errstate(invalid="ignore"):
        iou = np.diag(histogram) / (histogram.sum(1) + histogram.sum(0) - np.diag(histogram))
        accuracy = np.diag(histogram) / histogram.sum(1)
    assert np.isnan(iou).sum() == 1
    cmx, deliver = ours(labels, predictions, absent="union"), ours(labels, predictions, absent="zero")
    assert cmx["miou"] == pytest.approx(100 * np.nanmean(iou), abs=1e-12)
    assert ours(labels, predictions, absent="union", background="mean_excluded")["miou"] == pytest.approx(
        100 * np.nanmean(iou[1:]), abs=1e-12
    )
    assert deliver["miou"] == pytest.approx(100 * np.nan_to_num(iou).mean(), abs=1e-12)
    assert deliver["macc"] == pytest.approx(100 * np.nan_to_num(accuracy).mean(), abs=1e-12)
    assert deliver["miou"] < cmx["miou"]


def test_a_smoothed_iou_gives_a_class_that_does_not_occur_one():
    """The second metric in MVSeg's code adds a small number above and below the fraction."""
    labels, predictions = scene(0)
    counts = counted(labels, predictions)
    hits = np.diag(counts[:, :-1])
    union = counts.sum(1) + counts[:, :-1].sum(0) - hits
    smoothed = (hits + 1e-12) / (union + 1e-12)
    assert ours(labels, predictions, absent="one")["miou"] == pytest.approx(100 * smoothed.mean(), abs=1e-9)


def test_one_float32_matrix_loses_pixels_where_whole_numbers_do_not():
    """An odd count above 2**24 has no float32; the difference is why counts are int64 here."""
    many = np.array([[2**24 + 1, 0, 0], [0, 1, 0]], np.int64)
    assert int(many.astype(np.float32)[0, 0]) != many[0, 0]
    assert float(class_metrics(many, SegmentationRules())["iou"][0]) == 100.0
