"""The records and tables that ship are whole, and every record's numbers follow from its statistics."""

import pytest

from rgbtbench.leaderboard.render import build
from rgbtbench.leaderboard.verify import verify_record
from rgbtbench.resources import data_root

LEADERBOARDS = data_root() / "leaderboards"
RECORDS = sorted((LEADERBOARDS / "records").rglob("*.json"))


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
    assert kinds["mfnet-excerpt20/miou-9"] == {"scored"}
