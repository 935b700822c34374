"""Boxes to score: random sets with everything that makes scoring hard, and COCO's official example."""

import json
from pathlib import Path

import numpy as np
import pytest

from rgbtbench.predictions.boxes import BoxTable, sorted_table
from rgbtbench.scoring.average_precision.tables import TruthTable

GOLDEN = Path(__file__).parents[3] / ".." / "shared" / "golden" / "coco"
needs_golden = pytest.mark.skipif(
    not GOLDEN.is_dir(), reason="the official COCO fake results are not at ../shared/golden"
)


def random_set(seed, *, images=40, classes=3, boxes=6, detections=12, crowd=0.1, ties=True, whole=False):
    """Boxes of all sizes, detections near and far from them, crowd regions, tied scores and empty images.

    With `whole`, all numbers are whole and boxes repeat, so that equal and exact overlaps are common.
    """
    rng = np.random.default_rng(seed)
    image_ids = np.arange(1, images + 1)
    class_ids = np.arange(1, classes + 1)
    owners = np.sort(rng.choice(image_ids[: images - images // 5], images * boxes))
    sizes = rng.choice([12.0, 32.0, 60.0, 96.0, 150.0], (len(owners), 2)) * rng.uniform(0.7, 1.3, (len(owners), 1))
    truth = np.column_stack([rng.uniform(0, 500, (len(owners), 2)), sizes])
    labels = rng.choice(class_ids, len(owners))
    if whole:
        truth = np.column_stack(
            [rng.integers(0, 3, (len(owners), 2)) * 8.0, rng.choice([8.0, 16, 32, 96], sizes.shape)]
        )
    truth_table = TruthTable(owners, labels, truth, truth[:, 2] * truth[:, 3], rng.random(len(owners)) < crowd)

    near = rng.integers(0, len(owners), images * detections)
    moved = truth[near] + rng.normal(0, 0.08, (len(near), 4)) * truth[near][:, [2, 3, 2, 3]]
    if whole:
        moved = truth[near] + 8.0 * rng.integers(0, 2, (len(near), 4))
    far = np.column_stack([rng.uniform(0, 500, (len(near), 2)), rng.uniform(5, 200, (len(near), 2))])
    is_far = rng.random(len(near)) < 0.4
    found = np.where(is_far[:, None], far, moved)
    found[:, 2:] = np.maximum(found[:, 2:], 1.0)
    scores = rng.random(len(near))
    table = BoxTable(
        image_ids=np.where(is_far, rng.choice(image_ids, len(near)), owners[near]),
        labels=np.where(is_far, rng.choice(class_ids, len(near)), labels[near]),
        xywh=found,
        scores=np.round(scores, 1) if ties else scores,
    )
    return truth_table, sorted_table(table), image_ids, class_ids


def golden():
    """Return the official fake results on 100 images of val2014, rows in the file's order."""
    boxes = json.loads((GOLDEN / "instances_val2014_100.json").read_text())
    rows = json.loads((GOLDEN / "instances_val2014_fakebbox100_results.json").read_text())
    annotations = boxes["annotations"]
    truth = TruthTable(
        image_ids=np.array([row["image_id"] for row in annotations]),
        labels=np.array([row["category_id"] for row in annotations]),
        xywh=np.array([row["bbox"] for row in annotations], np.float64),
        areas=np.array([row["area"] for row in annotations], np.float64),
        crowd=np.array([row["iscrowd"] for row in annotations], np.bool_),
    )
    found = BoxTable(
        image_ids=np.array([row["image_id"] for row in rows]),
        labels=np.array([row["category_id"] for row in rows]),
        xywh=np.array([row["bbox"] for row in rows], np.float64),
        scores=np.array([row["score"] for row in rows], np.float64),
    )
    image_ids = np.array(sorted(image["id"] for image in boxes["images"]))
    class_ids = np.array(sorted(category["id"] for category in boxes["categories"]))
    return truth, found, image_ids, class_ids


def part(truth, found, images):
    """Return what lies in some images."""
    return truth.of(np.isin(truth.image_ids, images)), found.of(np.isin(found.image_ids, images))
