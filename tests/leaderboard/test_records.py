"""The page about records says what the code does."""

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from rgbtbench.leaderboard import records
from rgbtbench.leaderboard.store import MAX_STATISTICS_BYTES
from rgbtbench.scoring.language.counts import Answers
from rgbtbench.scoring.language.judged import NUMBERS
from rgbtbench.scoring.miss_rate.curve import Detected
from rgbtbench.scoring.saliency.counts import SaliencyCounts

PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "record.md").read_text()


def described(section):
    text = PAGE.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", records.__all__)
def test_the_page_describes_every_field_and_no_other(name):
    assert described(name) == list(getattr(records, name).model_fields)


def test_the_page_describes_every_array(scored_masks, scored_boxes):
    miss_rates = [f"miss_{field.name}" for field in fields(Detected)]
    none = np.zeros(1, np.int64)
    words = Answers(("a",), none, (), none, {name: np.zeros(1) for name in NUMBERS}, np.zeros((1, 0), np.bool_))
    seen = [*scored_masks.score.statistics, *scored_boxes.score.statistics]
    maps = SaliencyCounts((), np.zeros(0, np.bool_))
    stored = dict.fromkeys([*seen, *miss_rates, *words.to_arrays(), *maps.to_arrays()])
    assert described("Statistics") == list(stored)


def test_the_page_states_version_and_size():
    assert PAGE.startswith(f"# Record, version {records.RECORD_VERSION}\n")
    assert MAX_STATISTICS_BYTES == 1 << 20
    assert "at most 1 MiB" in PAGE
