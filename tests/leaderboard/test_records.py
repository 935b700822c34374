"""The page about records says what the code does."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from rgbtbench.leaderboard import records
from rgbtbench.leaderboard.store import MAX_STATISTICS_BYTES
from rgbtbench.scoring.miss_rate.curve import Detected

PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "record.md").read_text()


def described(section):
    text = PAGE.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", records.__all__)
def test_the_page_describes_every_field_and_no_other(name):
    assert described(name) == list(getattr(records, name).model_fields)


def test_the_page_describes_every_array(scored_masks, scored_boxes):
    miss_rates = [f"miss_{field.name}" for field in fields(Detected)]
    stored = dict.fromkeys([*scored_masks.score.statistics, *scored_boxes.score.statistics, *miss_rates])
    assert described("Statistics") == list(stored)


def test_the_page_states_version_and_size():
    assert PAGE.startswith(f"# Record, version {records.RECORD_VERSION}\n")
    assert MAX_STATISTICS_BYTES == 1 << 20
    assert "at most 1 MiB" in PAGE
