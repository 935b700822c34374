"""A card reads well, says how far its counts can be trusted, and no text in it becomes markup."""

from __future__ import annotations

import re
from html import unescape

import pytest
import yaml
from markdown_it import MarkdownIt

from rgbtbench.cards import dataset_card, dataset_names
from rgbtbench.datasets import dataset
from rgbtbench.description.dataset_card import dataset_card_text
from rgbtbench.errors import ShardError

from ..shards.street import card as street_card


def body(text):
    return text.split("---\n", 2)[2]


def html(text):
    return MarkdownIt("commonmark").enable("table").render(body(text))


def tables(text):
    """Every table of the rendered card: rows of cells."""
    found = []
    for table in re.findall(r"<table>(.*?)</table>", html(text), re.DOTALL):
        rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
        found.append([[unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows])
    return found


def plain(text):
    """Text without the marks that Markdown turns into something else."""
    return re.sub(r"[`*_]", "", " ".join(text.split()))


@pytest.mark.parametrize("name", dataset_names())
def test_every_card_has_whole_tables_and_all_its_classes(name):
    card = dataset_card(name)
    text = dataset_card_text(card, tuple(dataset(name).layouts))
    assert all(len({len(row) for row in table}) == 1 for table in tables(text))
    assert "|---" not in html(text), "a table was not recognised as one"
    for facts in card.label_sets.values():
        for entry in facts.classes:
            assert any(row[:2] == [str(entry.id), entry.name] for table in tables(text) for row in table)
    shown = plain(unescape(re.sub(r"<[^>]+>", "", html(text))))
    for line in (*card.unverified, *card.notes, card.citation.text):
        assert plain(line)[:60] in shown


def test_expected_counts_are_called_expected():
    text = dataset_card_text(dataset_card("mfnet"))
    assert "Counts are expected values from the source, except where a split is marked as verified." in text
    [official, *_] = [table for table in tables(text) if table[0][:3] == ["split", "pairs", "verified"]]
    assert [row[:3] for row in official[1:4]] == [["train", "784", "no"], ["val", "392", "no"], ["test", "393", "yes"]]
    assert "## Statistics" not in text


def test_terms_and_what_nobody_checked_are_said():
    text = dataset_card_text(dataset_card("mfnet"))
    assert "- Commercial use: not stated\n- Verified: no\n" in text
    assert "Neither the authors' repository nor its README states terms" in text
    assert "rgbtbench neither owns nor distributes this data." in text
    assert "## What is not verified\n\n- licence\n" in text


def test_known_overlaps_stand_in_the_card_from_both_sides():
    assert "Trained elsewhere, evaluated here: IR-500K holds 3,463 of 3,463 images of llvip/test" in dataset_card_text(
        dataset_card("llvip")
    )
    assert "Trained here, evaluated elsewhere: mfnet/train+val+trainval holds 268 of 361" in dataset_card_text(
        dataset_card("mfnet")
    )


def test_expectations_beyond_pairs_are_tabled(street):
    splits = {
        "train": {"count": 7, "attributes": {"time_of_day": {"day": 3}}, "objects": {"people": {"person": 6}}},
        "test": {"count": 4, "verified": True, "note": "a|b"},
    }
    text = dataset_card_text(street_card(editions={"official": {"splits": splits}}))
    [expected] = [table for table in tables(text) if table[0][0] == "expected"]
    assert expected == [
        ["expected", "value", "unit", "train", "test"],
        ["time_of_day", "day", "pairs", "3", ""],
        ["people", "person", "boxes", "6", ""],
    ]
    assert ["test", "4", "yes", "a|b"] in [row for table in tables(text) for row in table]


def test_prepared_data_is_counted_and_named(street):
    text = dataset_card_text(street.card, data=street.data)
    assert "Counted on the prepared data of edition official (data hash" in text
    [counted] = [table for table in tables(text) if table[0][0] == "counted"]
    assert ["time_of_day", "night", "pairs", "4", "2"] in counted
    assert 'load_dataset("path/to/this/folder", split="test")' in text


def test_data_of_no_listed_edition_does_not_pass_for_the_dataset(synthetic):
    text = dataset_card_text(synthetic.card, data=synthetic.data)
    assert "edition unlisted, which is no listed edition: an excerpt, a part, or other files" in text


def test_hostile_text_stays_text():
    hostile = "<script>alert(1)</script> | a & b\n\n# heading"
    changes = {
        "title": hostile,
        "summary": hostile,
        "notes": (hostile, "code `<stem>` stays"),
        "citation": {"text": hostile, "bibtex": "@misc{a,\n```\n# out\n}"},
        "licence": {"name": hostile, "commercial_use": "no", "verified": False},
    }
    text = dataset_card_text(street_card(**changes))
    assert yaml.safe_load(text.split("---\n")[1])["pretty_name"] == hostile
    page = html(text)
    assert "<script" not in page
    assert "<h1>out" not in page
    assert page.count("<h1>") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt; | a &amp; b # heading" in page
    assert "code <code>&lt;stem&gt;</code> stays" in page


def test_data_of_another_dataset_is_refused(street):
    with pytest.raises(ShardError, match="holds street; expected mfnet"):
        dataset_card_text(dataset_card("mfnet"), data=street.data)
