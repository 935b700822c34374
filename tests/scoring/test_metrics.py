"""One table of metrics, and one page of rules; both say what the code does."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from rgbtbench.cards.protocol import IntervalRules, Protocol
from rgbtbench.cards.rules import (
    CocoRules,
    LanguageRules,
    MissRateRules,
    SegmentationRules,
    VocRules,
    YoloRules,
)
from rgbtbench.errors import UnknownNameError
from rgbtbench.scoring.average_precision.coco_metrics import CocoMetrics
from rgbtbench.scoring.average_precision.tables import Matches
from rgbtbench.scoring.intervals import MIN_CLUSTERS
from rgbtbench.scoring.metrics import METRICS, metric
from rgbtbench.scoring.miss_rate.counts import REFERENCE_KEYS, miss_rate_metrics
from rgbtbench.scoring.miss_rate.curve import Detected
from rgbtbench.scoring.segmentation.confusion import class_metrics, segmentation_metrics
from rgbtbench.scoring.summary import FEW_CLUSTERS

PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "protocol.md").read_text()


@pytest.mark.parametrize(
    "schema",
    [Protocol, SegmentationRules, CocoRules, VocRules, YoloRules, MissRateRules, LanguageRules, IntervalRules],
)
def test_the_page_describes_every_field_and_no_other(schema):
    section = PAGE.split(f"## {schema.__name__}\n", 1)[1].split("\n## ", 1)[0]
    described = re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)
    assert described == list(schema.model_fields)


def test_the_page_states_the_limits_of_intervals():
    assert f"Below {MIN_CLUSTERS} clusters there are no intervals; below {FEW_CLUSTERS} a note" in PAGE


def test_every_metric_that_is_computed_has_a_row():
    rules = SegmentationRules()
    counts = np.ones((2, 3), np.int64)
    empty = np.zeros(0, np.int32)
    matches = Matches(
        positives=np.ones((1, 4, 1), np.int32),
        detections=np.zeros((1, 1), np.int32),
        classes=empty,
        images=empty,
        ranks=empty.astype(np.int16),
        hits=np.zeros((0, 4), np.uint16),
        dropped=np.zeros((0, 4), np.uint16),
    )
    detected = Detected(np.ones(1, np.int32), np.ones(1, bool), empty, np.zeros(0, bool))
    computed = {
        *segmentation_metrics(counts, ids=(0, 1), rules=rules),
        *class_metrics(counts, rules),
        *CocoMetrics(matches).measure(np.ones((1, 1))),
        *miss_rate_metrics(detected, np.ones((1, 1)), MissRateRules()),
    }
    assert computed <= set(METRICS)


def test_values_are_printed_with_the_digits_of_papers():
    assert metric("miou").text(55.849) == "55.8"
    assert metric("ap").text(None) == "–"
    assert metric("mae").text(0.02841) == "0.028"


def test_a_unit_bounds_its_numbers():
    assert (metric("miou").highest, metric("s_measure").highest, metric("psum").highest) == (100, 1, math.inf)
    assert {row.key for row in METRICS.values() if row.better == "lower"} == {
        "miss_rate", *REFERENCE_KEYS, "mae", "nsum", "parameters", "flops", "latency",
        "count_mae", "count_rmse", "location_mae", "location_distance",
    }  # fmt: skip


def test_an_unknown_metric_names_the_closest():
    with pytest.raises(UnknownNameError, match=r"no metric 'miuo'; did you mean miou"):
        metric("miuo")
