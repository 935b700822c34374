"""Known contaminations are data: what ships is sound, and a slip in the file is named by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rgbtbench.cards.contamination import Contaminations, contaminations, contaminations_of, loosest
from rgbtbench.cards.yaml_file import load_card
from rgbtbench.errors import CardError

COUNTED = """\
version: 1
known:
  - training: {dataset: big}
    relation: same image
    evidence: counted by id list
    source: a list
    evaluated: [{dataset: small, splits: [test], images: %s, of: %s}]
"""


def load(tmp_path: Path, text: str) -> Contaminations:
    path = tmp_path / "contamination.yaml"
    path.write_text(text)
    return load_card(path, Contaminations)


def test_what_ships_says_how_it_is_known_and_of_how_many():
    known = contaminations().known
    assert known
    for entry in known:
        counted = entry.evidence != "stated by source"
        assert all((one.share is not None) == counted for one in entry.evaluated)
        assert entry.verified or not counted


def test_the_leaks_that_the_field_lives_with_are_there():
    assert {entry.training.dataset for entry, _ in contaminations_of("llvip", "test", "official")} >= {
        "ir500k", "semanticrt", "rgbt550k", "irtd",
    }  # fmt: skip
    shares = {
        (entry.training.dataset, entry.training.splits): held.share
        for entry, held in contaminations_of("mfnet", "test", "official")
    }
    assert shares["msrs", ("train",)] == 277 / 393
    assert shares["ir500k", None] == 370 / 393


def test_another_split_is_not_concerned_and_an_unstated_one_may_be():
    assert contaminations_of("llvip", "train", None) == ()
    assert contaminations_of("llvip", None, None) == contaminations_of("llvip", "test", None)


def test_a_share_is_a_part_of_all(tmp_path):
    [entry] = load(tmp_path, COUNTED % (3, 4)).known
    assert entry.evaluated[0].share == 0.75
    with pytest.raises(CardError, match="5 of 4 images is more than all"):
        load(tmp_path, COUNTED % (5, 4))


def test_what_was_counted_needs_its_numbers(tmp_path):
    with pytest.raises(CardError, match=r"contamination.yaml:\d+: .*state `images` and `of`"):
        load(tmp_path, COUNTED.replace(", images: %s, of: %s", ""))


def test_a_template_may_only_use_what_the_pattern_names(tmp_path):
    with pytest.raises(CardError, match="the pattern has no group 'scene'"):
        load(tmp_path, "version: 1\nspellings: {a: [{pattern: '(?P<number>x)', image: '{scene}'}]}\n")
    with pytest.raises(CardError, match="pattern"):
        load(tmp_path, "version: 1\nspellings: {a: [{pattern: '(', image: 'x'}]}\n")


def test_a_name_rule_needs_spellings_on_both_sides(tmp_path):
    rule = "version: 1\nnames: [{ids_of: a, pattern: '(?P<n>x)', images_of: b, id: '{n}'}]\n"
    with pytest.raises(CardError, match="'a' has no spelling"):
        load(tmp_path, rule)


def test_relations_in_a_row_are_as_loose_as_their_loosest():
    assert loosest(["same image", "derived from"]) == "derived from"
    assert loosest(["same video", "derived from"]) == "same video"
    assert loosest([]) == "same image"
