"""Joint label spaces, worked out by hand on a small tree of classes."""

import numpy as np
import pytest

from rgbtbench.errors import LabelError, RecipeError, UnknownNameError
from rgbtbench.labels import LabelMap, LabelSpace
from rgbtbench.loading.joint_report import joint_json, joint_remarks, joint_rows
from rgbtbench.loading.joint_space import joint_space, joint_space_of_cards

PARENTS = {
    "unlabeled": None, "road": None, "vehicle": None, "car": "vehicle", "two_wheeler": "vehicle",
    "bicycle": "two_wheeler", "motorcycle": "two_wheeler", "person": None,
}  # fmt: skip
IDS = dict(zip(PARENTS, (0, 10, 100, 101, 102, 103, 104, 90), strict=True))
TREE = LabelSpace(1, IDS, {number: name for name, number in IDS.items()}, PARENTS)


def labels(**classes):
    """A map of native names, numbered from 0 in this order, to unified names."""
    unified = {"drop": -1, "ignore": 255} | IDS
    return LabelMap(dict(enumerate(classes)), {n: unified[name] for n, name in enumerate(classes.values())}, (), 1)


#: bike covers bicycles and motorcycles; pole is no object and blur is hidden.
TOWN = labels(rest="unlabeled", auto="car", bike="two_wheeler", pole="drop", blur="ignore")
#: Fine classes, two of which are persons.
PARK = labels(motorbike="motorcycle", bicycle="bicycle", walker="person", child="person", street="road")


def joined(*, space="joint", merge=(), kind="semantic", **maps):
    return joint_space(maps, kind=kind, label_set="semantic", space=space, merge=merge, tree=TREE)


def test_the_union_is_numbered_without_gaps_in_the_order_of_the_tree():
    found = joined(town=TOWN, park=PARK)
    names = ["unlabeled", "road", "person", "car", "two_wheeler", "bicycle", "motorcycle"]
    assert dict(found.classes) == dict(enumerate(names))
    assert joined(park=PARK, town=TOWN).classes == found.classes


def test_every_native_class_is_learnt_as_its_own_place_or_ignored_with_a_reason():
    found = joined(town=TOWN, park=PARK)
    assert found.members["town"].labels == {0: 0, 1: 3, 2: 4}
    assert found.members["town"].ignored == {3: "no object by its card", 4: "hidden by its card"}
    assert found.members["park"].labels == {0: 6, 1: 5, 2: 2, 3: 2, 4: 1}
    mask = np.array([[0, 1, 2, 3, 4, 255, 77]], np.uint8)
    assert found.lookup("town").masks(mask).tolist() == [[0, 3, 4, 255, 255, 255, 255]]
    assert found.lookup("town").removed == (3,)


def test_finer_outputs_count_as_the_coarser_class_of_a_dataset_and_foreign_ones_are_left_out():
    answers = joined(town=TOWN, park=PARK).members["town"].answers
    assert answers == {0: 0, 3: 1, 4: 2, 5: 2, 6: 2}
    assert joined(town=TOWN, park=PARK).members["town"].coarsened == {5: 2, 6: 2}
    # two_wheeler is coarser than what park tells apart, so it answers for nothing there.
    assert joined(town=TOWN, park=PARK).members["park"].answers == {1: 4, 2: 2, 5: 1, 6: 0}


def test_labels_translated_there_and_back_are_the_same_but_for_classes_that_share_a_place():
    found = joined(town=TOWN, park=PARK)
    for name, member in found.members.items():
        back = {native: member.answers[number] for native, number in member.labels.items()}
        assert back == {native: native for native in back} | ({3: 2} if name == "park" else {})


def test_a_parent_beside_its_leaf_is_kept_apart_and_said_to_be():
    found = joined(town=TOWN, park=PARK)
    assert list(found.overlaps()) == [(4, 5, ("town",)), (4, 6, ("town",))]
    (remark, _) = (line for line in joint_remarks(found) if "classes of their own" in line)
    assert "two_wheeler and its finer bicycle are classes of their own: town labels both as bike" in remark
    assert "merge two_wheeler to make them one" in remark


def test_a_coarser_class_than_a_dataset_has_is_left_out_of_its_evaluation_and_said_to_be():
    words = (
        "two_wheeler is coarser than the bicycle, motorcycle of park: in its evaluation outputs two_wheeler are left"
    )
    assert any(line.startswith(words) for line in joint_remarks(joined(town=TOWN, park=PARK)))


def test_a_dataset_that_labels_parent_and_leaf_has_told_them_apart():
    both = labels(two_wheeler="two_wheeler", bicycle="bicycle")
    assert list(joined(both=both, same=both).overlaps()) == []


def test_merging_takes_in_every_finer_class_and_says_what_can_no_longer_be_told_apart():
    found = joined(town=TOWN, park=PARK, merge=["two_wheeler"])
    assert dict(found.classes) == dict(enumerate(["unlabeled", "road", "person", "car", "two_wheeler"]))
    assert found.members["park"].labels == {0: 4, 1: 4, 2: 2, 3: 2, 4: 1}
    assert found.members["park"].answers[4] == 0
    said = joint_remarks(found)
    assert "two_wheeler takes in motorbike of park, bicycle of park" in said
    assert any("two_wheeler stands for motorbike, bicycle of park: outputs count as motorbike" in line for line in said)
    assert any("person stands for walker, child of park: outputs count as walker" in line for line in said)
    assert list(found.overlaps()) == []


def test_the_coarsest_of_several_merged_classes_wins():
    found = joined(town=TOWN, park=PARK, merge=["two_wheeler", "vehicle"])
    assert dict(found.classes) == dict(enumerate(["unlabeled", "road", "person", "vehicle"]))


def test_a_class_that_is_the_merged_one_itself_answers_for_it():
    source = labels(bicycle="bicycle", bike="two_wheeler")
    assert joined(one=source, other=PARK, merge=["two_wheeler"]).members["one"].answers[2] == 1


def test_the_unified_space_is_the_same_with_the_ids_of_the_tree():
    found = joined(town=TOWN, park=PARK, space="unified")
    assert sorted(found.classes) == [0, 10, 90, 101, 102, 103, 104]
    assert found.members["town"].labels == {0: 0, 1: 101, 2: 102}
    assert found.members["town"].answers == {0: 0, 101: 1, 102: 2, 103: 2, 104: 2}


def test_native_ids_are_for_datasets_with_the_same_classes():
    found = joined(one=TOWN, two=TOWN, space="native")
    assert dict(found.classes) == dict(TOWN.native)
    assert found.members["two"].labels == found.members["two"].answers == {n: n for n in TOWN.native}
    assert found.lookup("two").removed == ()
    assert joint_remarks(found) == []
    with pytest.raises(RecipeError, match="town and park have different classes"):
        joined(town=TOWN, park=PARK, space="native")
    with pytest.raises(RecipeError, match="label_space native keeps them"):
        joined(one=TOWN, two=TOWN, space="native", merge=["vehicle"])


def test_a_datasets_classes_are_a_space_too_and_merging_finds_the_coarser_one(monkeypatch):
    monkeypatch.setattr("rgbtbench.loading.joint_space.counterpart", lambda *_: None)
    monkeypatch.setattr("rgbtbench.loading.joint_space.LabelMap.of", lambda *_: TOWN)
    found = joined(town=TOWN, park=PARK, space="town")
    assert dict(found.classes) == dict(TOWN.native)
    assert found.members["park"].labels == {}
    assert set(found.members["park"].ignored.values()) == {"no class of the label space"}
    merged = joined(town=TOWN, park=PARK, space="town", merge=["two_wheeler"])
    assert merged.members["park"].labels == {0: 2, 1: 2}


def test_what_a_dataset_leaves_unlabeled_is_said_to_hold_what_others_name():
    said = joint_remarks(joined(town=TOWN, park=PARK))
    assert "rest of town may hold what others label road, person; in its evaluation these outputs are left out" in said


def test_objects_that_a_dataset_has_no_boxes_of_are_said_to_teach_background():
    (remark,) = (line for line in joint_remarks(joined(town=TOWN, park=PARK, kind="boxes")) if "town has" in line)
    assert remark.startswith("town has no boxes of road, person: where its images show them, they teach background")


def test_rows_show_what_each_class_is_learnt_from_and_counts_as():
    rows = joint_rows(joined(town=TOWN, park=PARK))
    assert rows[4] == {"id": 4, "class": "two_wheeler", "town": "2 bike", "park": ""}
    assert rows[5] == {"id": 5, "class": "bicycle", "town": "(2 bike)", "park": "1 bicycle"}
    assert rows[2]["park"] == "2 walker, 3 child"
    said = joint_json(joined(town=TOWN, park=PARK))
    assert said["members"]["town"]["coarsened"] == {"5": 2, "6": 2}
    assert said["overlaps"][0] == {"coarse": 4, "fine": 5, "undivided": ["town"]}


def test_what_cannot_be_is_refused():
    with pytest.raises(LabelError, match=r"'two_weeler' is no class .*two_wheeler"):
        joined(town=TOWN, merge=["two_weeler"])
    with pytest.raises(LabelError, match="no class of one has a place"):
        joined(one=labels(pole="drop"))


class TestByCard:
    def test_the_cards_of_two_datasets_are_brought_together(self):
        found = joint_space_of_cards(["mfnet", "synthetic:semantic"], task="semantic")
        assert found.classes[found.members["mfnet"].labels[3]] == "two_wheeler"
        assert set(found.members) == {"mfnet", "synthetic"}

    @pytest.mark.parametrize(
        ("names", "task", "kind", "words"),
        [
            (["mfnett"], "semantic", UnknownNameError, "did you mean mfnet"),
            (["mfnet", "synthetic"], "semantic", LabelError, "name one: synthetic:semantic, synthetic:visibility"),
            (["synthetic:semantics"], "semantic", UnknownNameError, "did you mean semantic"),
            (["mfnet"], "detection", LabelError, "mfnet has 0 label sets of kind boxes; leave it out"),
            (["mfnet"], "saliency", UnknownNameError, "no classes in task 'saliency'"),
        ],
    )
    def test_a_name_that_does_not_fit_is_answered_with_one_that_does(self, names, task, kind, words):
        with pytest.raises(kind, match=words):
            joint_space_of_cards(names, task=task)
