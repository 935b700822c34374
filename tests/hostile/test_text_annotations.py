"""Labels as lines of text and as JSON in the dialects of single datasets."""

import json

import pytest

from rgbtbench.errors import UserError
from rgbtbench.formats.bbgt import read_bbgt
from rgbtbench.formats.coco_json import read_coco
from rgbtbench.formats.cvc_text import read_cvc_text
from rgbtbench.formats.flir_json import read_flir_annotation, read_flir_categories
from rgbtbench.formats.instruction_json import read_instructions
from rgbtbench.formats.kaist_xml import read_kaist_xml
from rgbtbench.formats.marked_answer import read_boxes, read_count, read_points
from rgbtbench.formats.polygon_xml import read_polygons
from rgbtbench.formats.yolo_txt import read_yolo
from tests.formats.files import put
from tests.hostile.mendable import refused

BBGT = "% bbGt version=3\nperson 1 2 3 4 0 0 0 0 0 0 0\n"
CVC = "5 6 3 4 1 0 0 0 0 1 0\n"
YOLO = "0 0.5 0.5 0.25 0.25\n"
READERS = {
    "bbgt": (BBGT, lambda root: read_bbgt(root, "a.txt")),
    "cvc": (CVC, lambda root: read_cvc_text(root, "a.txt", name="person")),
    "yolo": (YOLO, lambda root: read_yolo(root, "a.txt", names={0: "person"})),
}
each_format = pytest.mark.parametrize("name", READERS)


@each_format
@pytest.mark.parametrize(
    "edit",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + "\n \n\t\n",
        lambda text: text.rstrip("\n"),
        lambda text: text.replace(" ", "   "),
    ],
    ids=["byte-order mark", "Windows", "blank lines", "no last line end", "blanks"],
)
def test_what_editors_do_to_lines_changes_nothing(tmp_path, name, edit):
    text, reader = READERS[name]
    put(tmp_path, "a.txt", text)
    expected = reader(tmp_path)
    assert len(expected) == 1
    put(tmp_path, "a.txt", edit(text))
    assert reader(tmp_path) == expected


#: What may stand in the place of any number.
ODD = ["", "nan", "inf", "-inf", "1e999", "x", "0x1", "1,5", "9" * 5000, "\0", "\u202e1", "%s", "--1", "1/2", "None"]


@each_format
@pytest.mark.parametrize("odd", ODD)
def test_a_number_that_is_none_is_refused_with_its_line(tmp_path, name, odd):
    text, reader = READERS[name]
    *before, line = text.splitlines()
    for position in range(1 if name == "bbgt" else 0, len(line.split())):
        words = line.split()
        if name == "bbgt" and odd == "9" * 5000 and position in (6, 7, 8, 9, 10):
            continue  # a number like any other where its size says nothing
        words[position] = odd
        put(tmp_path, "a.txt", "\n".join([*before, " ".join(words)]))
        with refused(f"a.txt:{len(before) + 1}"):
            reader(tmp_path)


@each_format
@pytest.mark.parametrize("data", [b"\xff\xfe", b"\x80", bytes(64), "ä".encode("utf-16"), b"{}", b"<annotation/>"])
def test_what_is_no_such_text_is_refused(tmp_path, name, data):
    put(tmp_path, "a.txt", data)
    with refused("a.txt"):
        READERS[name][1](tmp_path)


def test_an_empty_file_is_an_answer_where_the_format_says_so(tmp_path):
    put(tmp_path, "a.txt", "")
    assert READERS["cvc"][1](tmp_path) == READERS["yolo"][1](tmp_path) == ()
    with refused("a.txt", "the file is empty"):
        READERS["bbgt"][1](tmp_path)


def xml(inside):
    return f"<annotation><object><name>person</name>{inside}</object></annotation>"


@pytest.mark.parametrize("odd", ["", "nan", "inf", "1e999", "x", "1 2", "<b>1</b>", "<![CDATA[x]]>"])
def test_numbers_in_other_xml_are_checked_like_any(tmp_path, odd):
    names = ("x", "y", "w", "h")
    sized = "".join(f"<{name}>{odd if name == 'w' else 5}</{name}>" for name in names)
    put(tmp_path, "a.xml", xml(f"<bndbox>{sized}</bndbox><occlusion>0</occlusion>"))
    with refused("a.xml"):
        read_kaist_xml(tmp_path, "a.xml")
    places = [f"{axis}{corner}" for corner in range(1, 5) for axis in "xy"]
    corners = "".join(f"<{place}>{odd if place == 'y3' else 5}</{place}>" for place in places)
    put(tmp_path, "a.xml", xml(f"<polygon>{corners}</polygon>"))
    with refused("a.xml"):
        read_polygons(tmp_path, "a.xml")


BOX = {"category_id": 1, "bbox": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"annotation": None},
        {"annotation": [None]},
        {"annotation": [{}]},
        {"annotation": [{**BOX, "category_id": [1]}]},
        {"annotation": [{**BOX, "category_id": "²"}]},
        {"annotation": [{**BOX, "category_id": True}]},
        {"annotation": [{**BOX, "bbox": {"0": 1}}]},
        {"annotation": [{**BOX, "bbox": [1, 2, -3, 4]}]},
        {"annotation": [{**BOX, "bbox": [[1], 2, 3, 4]}]},
        {"annotation": [{**BOX, "bbox": list(range(100_000))}]},
        {"annotation": [{**BOX, "occlusion": {"much": 1}}]},
    ],
)
def test_flir_annotations_are_objects_with_a_class_and_a_box(tmp_path, content):
    put(tmp_path, "a.json", json.dumps(content))
    with refused("a.json"):
        read_flir_annotation(tmp_path, "a.json", {1: "person"})


@pytest.mark.parametrize(
    "content", [{}, [], [None], [{"id": 1}], [{"id": 1, "name": 2}], [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]]
)
def test_flir_classes_have_one_name_each(tmp_path, content):
    put(tmp_path, "a.json", json.dumps(content))
    with refused("a.json"):
        read_flir_categories(tmp_path, "a.json")


def instances(**changes):
    whole = {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [{"id": 1, "image_id": 1, **BOX}],
    }
    return json.dumps(whole | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"categories": [{"id": 1, "name": "person"}, {"id": 1, "name": "car"}]},
        {"categories": [{"id": 1}]},
        {"categories": {"1": "person"}},
        {"annotations": [{"id": 1, "image_id": True, **BOX}]},
        {"annotations": [{"id": 1, "image_id": 1, **BOX, "category_id": True}]},
        {"annotations": [{"id": 1, "image_id": 1.0, **BOX}]},
        {"annotations": [{"id": [1], "image_id": 1, **BOX}]},
        {"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "a.jpg"}]},
        {"images": [{"id": 1, "file_name": ["a.jpg"]}]},
        {
            "categories": [{"id": n, "name": f"c{n}"} for n in range(50_000)],
            "annotations": [{"id": 1, "image_id": 1, "category_id": -1}],
        },
    ],
)
def test_instances_that_contradict_themselves_are_refused_in_few_words(tmp_path, changes):
    put(tmp_path, "a.json", instances(**changes))
    with refused("a.json", kind=UserError):
        read_coco(tmp_path, "a.json")


def row(**changes):
    turns = [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "That."}]
    return {"id": "1", "image": ["a.jpg"], "conversations": turns} | changes


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        json.dumps([row(), row()]),
        json.dumps([row(id=1)]),
        json.dumps([row(image="a.jpg")]),
        json.dumps([row(image=["a.jpg", "b.jpg"])]),
        json.dumps([row(image=[None])]),
        json.dumps([row(conversations=[])]),
        json.dumps([row(conversations=None)]),
        json.dumps([row()])[:-9],
        json.dumps(row()) + "}",
        json.dumps(row()) + " NaN",
        "[" * 100_000,
        "\ud7ff",
    ],
)
def test_rows_of_instructions_are_one_image_a_question_and_an_answer(tmp_path, text):
    put(tmp_path, "a.json", text)
    with refused("a.json"):
        read_instructions(tmp_path, "a.json")


@pytest.mark.parametrize(
    ("reader", "answer"),
    [
        (read_count, f"<num>{'9' * 5000}</num>"),
        (read_boxes, f"<box>[[1, 2, {'9' * 400}, 4]]</box>"),
        (read_points, f"<ref>car</ref> at <pos>[(1, {'9' * 400})]</pos>"),
        (read_points, "<ref>" + "car" * 100_000 + "</ref> at <pos>[" + "(1, 2), " * 100_000 + "]</pos>"),
        (read_boxes, "<box>[" + "[1, 2, 3, 4], " * 100_000),
    ],
)
def test_answers_state_numbers_of_a_size_that_images_have(reader, answer):
    with pytest.raises(ValueError, match="does not state"):
        reader(answer)
