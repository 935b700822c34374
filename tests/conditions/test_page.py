"""docs/conditions.md names every fill and corruption, and no other."""

import re
from pathlib import Path
from typing import get_args

from rgbtbench.cards.corruptions import corruptions
from rgbtbench.cards.suite import load_suite, suite_names
from rgbtbench.conditions import Fill, parse_condition
from rgbtbench.conditions.suites import Inputs, suite_conditions

PAGE = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text()
PICTURES = Path(__file__).parents[2] / "docs" / "images"


def rows(section):
    text = PAGE.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")
    ]


def test_every_kind_of_step_is_described_by_an_example_that_parses():
    kinds = [re.match(r"`(\w+)", row[0])[1] for row in rows("Ids")]
    assert kinds == ["none", "missing", "shift", "scale", "parallax", "corrupt", "noisy"]
    for example in re.findall(r"`((?:missing|shift|scale|parallax|corrupt|noisy):[a-z]+/[^`<]+)`", PAGE):
        parse_condition(example, ("rgb", "lwir"))


def test_every_fill_is_described():
    assert [row[0].strip("`") for row in rows("Fills")] == list(get_args(Fill))


def test_every_corruption_stands_in_the_table_as_in_the_data():
    wanted = [
        [f"`{name}`", facts.set, ", ".join(facts.modalities), facts.title] for name, facts in corruptions().items()
    ]
    assert rows("Corruptions") == wanted


def test_every_suite_stands_in_the_table_with_as_many_conditions_as_it_has():
    two = Inputs(fed=("rgb", "lwir"), moved=("lwir",))
    wanted = [
        [f"`{name}`", load_suite(name).summary, str(len(suite_conditions(load_suite(name), two)))]
        for name in suite_names()
    ]
    assert [row[:3] for row in rows("Suites")[: len(wanted)]] == wanted


def test_the_picture_is_there_and_small():
    assert (PICTURES / "conditions.jpg").stat().st_size < 300_000
    assert "images/conditions.jpg" in PAGE
