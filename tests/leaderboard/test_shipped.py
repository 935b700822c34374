"""The records and tables that ship are whole, and every record's numbers follow from its statistics."""

import json
from pathlib import Path

import numpy as np
import pytest

from rgbtbench.leaderboard.render import build
from rgbtbench.leaderboard.store import read_record
from rgbtbench.leaderboard.verify import verify_record
from rgbtbench.resources import data_root

LEADERBOARDS = data_root() / "leaderboards"
RECORDS = sorted((LEADERBOARDS / "records").rglob("*.json"))
EXPECTED = Path(__file__).parents[2] / ".." / "shared" / "golden" / "segmentation" / "expected.jsonl"


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_its_numbers_come_out_of_its_statistics_again(path):
    assert "metrics and intervals from the statistics" in verify_record(path).checked


def test_records_of_an_excerpt_stand_apart_from_published_rows(tmp_path):
    site = build(LEADERBOARDS / "records", LEADERBOARDS / "published", tmp_path)
    kinds = {
        section.protocol: {entry.first.kind for entry in section.entries}
        for section in site.board.sections
        if section.protocol.startswith("mfnet")
    }
    assert kinds["mfnet/miou-9"] == {"published"}
    assert kinds["mfnet-excerpt20/miou-9"] == {"scored", "measured"}


@pytest.mark.skipif(not EXPECTED.is_file(), reason="scores of reference scripts are not on this machine")
def test_the_third_partys_run_of_rtfnet_has_the_numbers_of_the_reference_script_and_says_whose_it_is():
    lines = [json.loads(line) for line in EXPECTED.read_text().splitlines()]
    expected = next(line for line in lines if line["method"].startswith("RTFNet152") and line["split"] == "test")
    confusion = np.array(expected["confusion"])
    labelled = confusion.sum(axis=1) > 0
    hits = np.diag(confusion)
    ious = hits[labelled] / (confusion.sum(axis=0) + confusion.sum(axis=1) - hits)[labelled]
    wanted = {"miou-9": ious.mean(), "miou-9-nan0": expected["rtfnet_mIoU_nan0"]}
    for protocol, value in wanted.items():
        (path,) = (LEADERBOARDS / "records" / f"mfnet-excerpt20__{protocol}").glob("rtfnet-*.json")
        record = read_record(path)
        assert record.metrics["miou"] == pytest.approx(100 * value, abs=1e-4)
        assert record.kind == "scored"
        assert "third party" in record.variant
        assert "third party" in record.source
