"""KAIST's improved test labels, result files of published methods, and what the reference tools make of them."""

import csv
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from rgbtbench.scoring.miss_rate.ground_truth import Pedestrians

GOLDEN = Path(__file__).parents[3] / ".." / "shared" / "golden" / "kaist"
needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="KAIST's golden files are not at ../shared/golden/kaist")
IMAGES, DAY_IMAGES = 2252, 1455


def table(name):
    """Return the rows of a table of expected numbers; none where it is absent, so that the test is skipped."""
    if not (GOLDEN / name).is_file():
        return []
    with (GOLDEN / name).open(newline="") as file:
        return list(csv.DictReader(file))


@cache
def labelled():
    rows = json.loads((GOLDEN / "KAIST_annotation.json").read_bytes())["annotations"]
    return Pedestrians(
        images=np.array([row["image_id"] for row in rows]),
        xywh=np.array([row["bbox"] for row in rows], float),
        occlusions=np.array([row["occlusion"] for row in rows]),
        ignored=np.array([row["ignore"] for row in rows], bool),
    )


@cache
def result(name):
    """Return images from 0, boxes and scores of a published text file, in its order."""
    rows = np.loadtxt(GOLDEN / "results" / name, delimiter=",")
    return rows[:, 0].astype(np.int64) - 1, rows[:, 1:5].copy(), rows[:, 5].copy()


def times(name):
    """Return which images belong to `all`, `day` or `night`."""
    number = np.arange(IMAGES)
    return {"all": number >= 0, "day": number < DAY_IMAGES, "night": number >= DAY_IMAGES}[name]
