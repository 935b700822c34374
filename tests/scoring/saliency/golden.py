"""Maps and masks that authors published, and what two tools make of them."""

import json
from pathlib import Path

import cv2
import pytest

from rgbtbench.cards.rules import SaliencyRules

GOLDEN = Path(__file__).parents[3] / ".." / "shared" / "golden" / "sod"
needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="published saliency maps are not at ../shared/golden")
TWO = "two-datasets"
#: The conventions of the tool that made the score files there, and M-SpecGene's.
TOOL = SaliencyRules(
    normalisation="none",
    thresholds=255,
    truth="grey",
    centroid="zero_based",
    epsilon=1e-20,
    f_weighted_beta2=0.3,
    empty_truth="skip",
    empty_truth_weighted="one_minus_mean",
    adaptive_cap="f_only",
    size_mismatch="resize",
)
#: Columns of PySODMetrics' table and ours.
KEYS = {
    "MAE": "mae",
    "Smeasure": "s_measure",
    "wFmeasure": "f_weighted",
    "adpEm": "e_adaptive",
    "meanEm": "e_mean",
    "maxEm": "e_max",
    "adpFm": "f_adaptive",
    "meanFm": "f_mean",
    "maxFm": "f_max",
}


def expected_rows():
    """Folders of maps and masks, and what PySODMetrics finds there."""
    if not GOLDEN.is_dir():
        return []
    rows = [json.loads(line) for line in (GOLDEN / "expected_pysodmetrics.jsonl").read_text().splitlines()]
    return [(row["pred"], row["gt"], {ours: row[theirs] for theirs, ours in KEYS.items()}) for row in rows]


def pairs(predictions, masks):
    """Name, map and mask of every image of two folders, grey."""
    for path in sorted((GOLDEN / masks).iterdir()):
        images = (cv2.imread(str(GOLDEN / folder / path.name), cv2.IMREAD_GRAYSCALE) for folder in (predictions, masks))
        yield path.name, *images


def tool_log(dataset, method, measure):
    """What the other tool logged: image to value, and the mean curve where there is one."""
    lines = (GOLDEN / TWO / "score" / "log" / f"{dataset}_{method}_{measure}.txt").read_text().split("\n")
    rows = [line.split() for line in lines if line.strip()]
    return {row[0]: float(row[1]) for row in rows if len(row) == 2}, [float(row[0]) for row in rows if len(row) == 1]
