"""Label maps are total, reversible where they can be, and one look-up wide."""

import numpy as np
import pytest

from rgbtbench.cards import dataset_card, dataset_names
from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.errors import CardError, LabelError
from rgbtbench.labels import IGNORE, LabelMap, read_label_space, reverse_table, unified_space


def facts(*classes, ignore_ids=()):
    return LabelSetFacts.model_validate(
        {
            "kind": "semantic",
            "frame": "both",
            "ignore_ids": ignore_ids,
            "classes": [{"id": id_, "name": name, "unified": unified} for id_, name, unified in classes],
        }
    )


@pytest.mark.parametrize("name", dataset_names())
def test_every_class_of_every_card_has_a_place_in_the_unified_space(name):
    for label_set in dataset_card(name).label_sets.values():
        LabelMap.of(label_set)


def test_ids_of_the_unified_space_are_stable():
    # Written down here a second time on purpose: shards and records in the field rely on these numbers.
    assert {
        name: unified_space().ids[name] for name in ("unlabeled", "road", "person", "car", "two_wheeler", "sky")
    } == {
        "unlabeled": 0,
        "road": 11,
        "person": 91,
        "car": 111,
        "two_wheeler": 116,
        "sky": 73,
    }


def test_every_class_knows_its_parent():
    assert unified_space().parents["bicycle"] == "two_wheeler"
    assert unified_space().parents["two_wheeler"] == "vehicle"
    assert unified_space().parents["vehicle"] is None


def test_masks_are_translated_by_one_table_and_ids_without_a_class_are_ignored():
    table = LabelMap.of(facts((0, "nothing", "unlabeled"), (2, "walker", "person"), ignore_ids=(7,))).unified_table()
    mask = np.array([[0, 2], [7, 9]], np.uint8)
    assert table[mask].tolist() == [[0, unified_space().ids["person"]], [IGNORE, IGNORE]]


def test_dropped_and_hidden_classes_are_ignored_in_masks():
    table = LabelMap.of(facts((1, "dog", "drop"), (2, "blur", "ignore"))).unified_table()
    assert table[[1, 2]].tolist() == [IGNORE, IGNORE]


def test_an_id_that_the_card_does_not_name_is_found():
    label_map = LabelMap.of(facts((0, "a", "road"), (3, "b", "car"), ignore_ids=(255,)))
    assert label_map.unknown_ids([0, 3, 255, 17, 4]) == [4, 17]


def test_a_map_survives_the_manifest():
    label_map = LabelMap.of(facts((0, "a", "road"), (3, "b", "drop"), ignore_ids=(255,)))
    again = LabelMap.from_json(label_map.to_json())
    assert again == label_map
    assert again.sha256 == label_map.sha256


def test_joint_training_maps_through_the_unified_space_and_ignores_what_has_no_counterpart():
    source = LabelMap.of(facts((0, "street", "road"), (1, "walker", "person"), (2, "cab", "car")))
    target = LabelMap.of(facts((5, "car", "car"), (6, "man", "person"), (7, "woman", "person")))
    assert reverse_table(source, target)[[0, 1, 2]].tolist() == [IGNORE, 6, 5]


def test_a_class_outside_the_unified_space_is_refused_with_a_suggestion():
    with pytest.raises(LabelError, match="did you mean person"):
        LabelMap.of(facts((0, "walker", "persn")))


def test_an_id_used_twice_in_the_tree_is_refused(tmp_path):
    tree = tmp_path / "tree.yaml"
    tree.write_text("version: 1\nclasses:\n  - {id: 1, name: a}\n  - {id: 1, name: b}\n")
    with pytest.raises(CardError, match="id used twice"):
        read_label_space(tree)
