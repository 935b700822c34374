"""Label look-ups: what each native id becomes in each space."""

import numpy as np
import pytest

from rgbtbench.cards import catalog
from rgbtbench.cards.dataset import DatasetCard, LabelSetFacts
from rgbtbench.errors import LabelError, UnknownNameError
from rgbtbench.labels import LabelMap
from rgbtbench.loading.label_space import look_up
from tests.loading import tiny

SOURCE = LabelMap.of(tiny.CARD.label_sets["semantic"])
PEOPLE = LabelMap.of(tiny.CARD.label_sets["people"])


def other_card(**label_sets):
    sets = {name: {"kind": kind, "frame": "both", "classes": classes} for name, (kind, classes) in label_sets.items()}
    return DatasetCard.model_validate(tiny.CARD.model_dump() | {"name": "other", "label_sets": sets})


@pytest.fixture
def other(monkeypatch):
    """Put one more card into the catalogue."""

    def put(card):
        monkeypatch.setattr(catalog, "dataset_names", lambda: ["other"])
        monkeypatch.setattr(catalog, "dataset_card", {"other": card}.__getitem__)

    return put


CAR_FIRST = (
    {"id": 1, "name": "auto", "unified": "car"},
    {"id": 2, "name": "person", "unified": "person"},
    {"id": 3, "name": "tree", "unified": "tree"},
)


def test_native_ids_stay():
    found = look_up("semantic", SOURCE, kind="semantic", space="native")
    assert found.masks(np.array([[0, 1, 2, 3, 4, 255, 77]], np.uint8)).tolist() == [[0, 1, 2, 3, 4, 255, 255]]
    assert found.classes == {0: "background", 1: "pedestrian", 2: "heat haze", 3: "blur", 4: "motor car"}


def test_a_mask_of_ids_that_all_stay_needs_no_look_up():
    found = look_up("semantic", SOURCE, kind="semantic", space="native")
    assert found.keeps([0, 4, 255])
    assert not found.keeps([0, 77])
    assert not look_up("semantic", SOURCE, kind="semantic", space="unified").keeps([0, 1])


def test_unified_ids_hide_what_is_dropped_or_ignored():
    found = look_up("semantic", SOURCE, kind="semantic", space="unified")
    assert found.masks(np.array([[0, 1, 2, 3, 4, 255]], np.uint8)).tolist() == [[0, 91, 255, 255, 111, 255]]


def test_another_datasets_ids_go_through_the_unified_space(other):
    other(other_card(semantic=("semantic", CAR_FIRST)))
    found = look_up("semantic", SOURCE, kind="semantic", space="other")
    assert found.masks(np.array([[0, 1, 2, 3, 4, 255]], np.uint8)).tolist() == [[255, 2, 255, 255, 1, 255]]
    assert found.classes == {1: "auto", 2: "person", 3: "tree"}


def test_boxes_lose_dropped_classes_and_hide_those_without_counterpart(other):
    other(other_card(things=("boxes", CAR_FIRST)))
    found = look_up("people", PEOPLE, kind="boxes", space="other")
    native = tiny.boxes("rgb", tiny.BOXES, [3, 2, 1])
    mapped = found.boxes(native)
    assert mapped.labels.tolist() == [255, 2]
    assert mapped.ignore.tolist() == [True, False]
    assert mapped.xyxy.tolist() == [list(box) for box in tiny.BOXES[1:]]


def test_an_ignored_native_id_hides_its_box():
    facts = LabelSetFacts.model_validate(tiny.CARD.label_sets["people"].model_dump() | {"ignore_ids": (9,)})
    found = look_up("people", LabelMap.of(facts), kind="boxes", space="native")
    mapped = found.boxes(tiny.boxes("rgb", tiny.BOXES[:2], [9, 1]))
    assert (mapped.labels.tolist(), mapped.ignore.tolist()) == ([255, 1], [True, False])


def test_the_set_of_the_same_name_is_preferred_and_several_others_are_refused(other):
    other(other_card(first=("semantic", CAR_FIRST), second=("semantic", CAR_FIRST[:1])))
    assert look_up("second", SOURCE, kind="semantic", space="other").classes == {1: "auto"}
    with pytest.raises(LabelError, match="other has 2 label sets of kind semantic"):
        look_up("third", SOURCE, kind="semantic", space="other")
    with pytest.raises(LabelError, match="other has 0 label sets of kind boxes"):
        look_up("people", PEOPLE, kind="boxes", space="other")


def test_an_unknown_space_is_answered_with_the_closest(other):
    other(tiny.CARD)
    with pytest.raises(UnknownNameError, match="did you mean other"):
        look_up("semantic", SOURCE, kind="semantic", space="othr")


def test_a_map_of_a_newer_unified_space_is_refused():
    newer = LabelMap(native={1: "x"}, unified={1: 254}, ignore_ids=(), unified_version=9)
    with pytest.raises(LabelError, match="class 254 of the unified label space, version 9"):
        look_up("semantic", newer, kind="semantic", space="unified")


def test_a_box_id_beyond_the_table_is_refused():
    found = look_up("people", PEOPLE, kind="boxes", space="native")
    with pytest.raises(LabelError, match="outside 0 to 255"):
        found.boxes(tiny.boxes("rgb", tiny.BOXES[:1], [256]))
