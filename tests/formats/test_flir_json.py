"""FLIR's annotation of one image and its list of classes, both as loosely typed as they circulate."""

import json

import pytest

from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.flir_json import read_flir_annotation, read_flir_categories
from tests.formats.files import put

CLASSES = [{"id": 1, "name": "person"}, {"id": "18", "name": " dog "}]
ITEM = {"bbox": [1, 2, 3, 4], "category_id": "18", "id": "1", "image_id": "7", "iscrowd": 0, "area": "12"}


def read(root, content):
    put(root, "a.json", content if isinstance(content, str) else json.dumps(content))
    return read_flir_annotation(root, "a.json", {1: "person", 18: "dog"})


def test_ids_may_be_text_and_names_carry_spaces(tmp_path):
    put(tmp_path, "catids.json", json.dumps(CLASSES))
    assert read_flir_categories(tmp_path, "catids.json") == {1: "person", 18: "dog"}


def test_boxes_come_in_the_files_order_with_numbers_as_written(tmp_path):
    first, second = read(tmp_path, {"annotation": [ITEM, {**ITEM, "category_id": 1, "iscrowd": 1}], "image": {}})
    assert (first.name, first.numbers, first.ignore) == ("dog", (1, 2, 3, 4), False)
    assert (second.name, second.ignore) == ("person", True)
    assert read(tmp_path, {"annotation": [], "image": {}}) == ()


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        ({"annotations": []}, InputFileError, r"a\.json: `annotation` is no list of objects"),
        ({"annotation": [3]}, InputFileError, "is no list of objects"),
        ([], InputFileError, "is no list of objects"),
        ("{", InputFileError, "not JSON"),
        ({"annotation": [{**ITEM, "bbox": [1, 2, 0, 4]}]}, InputFileError, r"annotation 1 has the bbox \[1, 2, 0, 4\]"),
        ({"annotation": [{**ITEM, "category_id": 17}]}, LabelError, r"has category 17; expected .*\[1, 18\]"),
        ({"annotation": [{**ITEM, "category_id": True}]}, LabelError, "has category None"),
    ],
)
def test_anything_else_is_refused(tmp_path, content, error, said):
    with pytest.raises(error, match=said):
        read(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    [{}, [], [{"id": 1}], [{"id": "x", "name": "dog"}], [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}], [1]],
)
def test_a_list_of_classes_names_each_id_once(tmp_path, content):
    put(tmp_path, "catids.json", json.dumps(content))
    with pytest.raises(InputFileError, match=r"catids\.json: is no list of classes; expected objects like"):
        read_flir_categories(tmp_path, "catids.json")
