"""Protocols written as the parts that they differ in."""

import pytest
from pydantic import ValidationError

from rgbtbench.cards import catalog, dataset_card
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.cards.protocol_grid import ProtocolGrid
from tests.scoring.town import FACTS


def grid(*parts, **common):
    return ProtocolGrid(common=common, parts=parts)


def test_every_combination_is_a_protocol_with_the_fields_of_its_pieces():
    found = grid(
        {"near": {"summary": "near", "rules": {"heights": [115, None]}}, "far": {"summary": "far"}},
        {"@new": {"summary": "new labels", "label_set": "new"}, "@old": {"label_set": "old"}},
        {"": {}, "+tool": {"rules": {"floor": 0.0}}},
        rules={"metric": "miss_rate"},
    ).blocks()
    assert list(found) == [
        f"{size}{labels}{tool}" for size in ("near", "far") for labels in ("@new", "@old") for tool in ("", "+tool")
    ]
    assert found["near@new+tool"] == {
        "summary": "near, new labels",
        "label_set": "new",
        "rules": {"metric": "miss_rate", "heights": [115, None], "floor": 0.0},
    }
    assert found["far@old"] == {"summary": "far", "label_set": "old", "rules": {"metric": "miss_rate"}}


def test_no_part_may_change_what_another_one_gave():
    with pytest.raises(ValueError, match="protocol near@new: two parts of its grid give 'split'"):
        grid({"near": {"split": "val"}}, {"@new": {}}, split="test").blocks()


def card_with(*grids, **changes):
    return DatasetCard.model_validate({**FACTS, "protocol_grids": list(grids), **changes})


OBJECTS = {"task": "detection", "split": "test", "label_set": "objects", "rules": {"metric": "miss_rate"}}


def test_the_protocols_of_a_grid_stand_among_the_card_s():
    card = card_with({"common": OBJECTS, "parts": [{"mr": {"summary": "all", "report_by": ["time_of_day"]}}]})
    assert [*FACTS["protocols"], "mr"] == list(card.protocols)
    assert card.protocols["mr"].report_by == ("time_of_day",)
    assert DatasetCard.model_validate(card.model_dump()) == card


@pytest.mark.parametrize(
    ("grids", "words"),
    [
        ([{"common": OBJECTS, "parts": [{"ap": {"summary": "again"}}]}], "protocol ap is there twice"),
        ([{"common": OBJECTS, "parts": [{"mr": {"summary": "x", "where": {"mood": "good"}}}]}], "'mood' is not in"),
        ([{"common": OBJECTS, "parts": []}], "parts"),
        ([{"common": OBJECTS, "parts": [{"mr": {"summary": "x", "rule": {}}}]}], "rule"),
        ("grid", "protocol_grids"),
    ],
)
def test_a_grid_that_makes_no_protocols_is_refused(grids, words):
    with pytest.raises(ValidationError, match=words):
        DatasetCard.model_validate({**FACTS, "protocol_grids": grids})


SETTINGS = ("reasonable-all", "reasonable-day", "reasonable-night", "near", "medium", "far")
MORE_SETTINGS = ("occ-none", "occ-partial", "occ-heavy", "all-h1", "all-h20")


@pytest.mark.parametrize("setting", [*SETTINGS, *MORE_SETTINGS])
def test_kaist_has_every_setting_under_both_labels_and_both_tools(setting):
    for labels in ("improved", "original"):
        toolbox, script = (catalog.protocol(f"kaist/{setting}@{labels}{tool}") for tool in ("", "+mlpd"))
        assert toolbox.label_set == script.label_set == labels
        assert toolbox.where == script.where
        changed = {name for name, value in toolbox.rules if getattr(script.rules, name) != value}
        assert changed == {
            "max_detections", "floor", "undetected_images", "references", "early_false_positive", "first_box",
        }  # fmt: skip


def test_every_protocol_of_miss_rates_has_an_id_and_a_hash_of_its_own():
    ids = [
        name
        for dataset in ("kaist", "cvc14")
        for name in catalog.protocol_ids(dataset)
        if catalog.protocol(name).rules.metric == "miss_rate"
    ]
    hashes = {catalog.protocol_hash(catalog.protocol(name)) for name in ids}
    assert len(ids) == len(hashes) > 80
    assert len(dataset_card("kaist").protocols) == 73
