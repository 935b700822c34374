"""KAIST's XML states a size or a second corner, and an occlusion level."""

import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.kaist_xml import read_kaist_xml
from rgbtbench.formats.write_boxes import write_kaist_xml
from tests.formats.files import put

OBJECT = "<object><name>{}</name><bndbox>{}</bndbox><occlusion>{}</occlusion></object>"
SIZED = "<x>{}</x><y>{}</y><w>{}</w><h>{}</h>"
CORNERED = "<xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax>"


def read(root, *objects):
    put(root, "a.xml", f"<annotation><filename>set06/V000/I00019</filename>{''.join(objects)}</annotation>")
    return read_kaist_xml(root, "a.xml")


def test_the_releases_tags_are_a_corner_and_a_size(tmp_path):
    first, second = read(
        tmp_path,
        OBJECT.format("person", SIZED.format(600, 2, 46, 8), 2),
        OBJECT.format("person?", SIZED.format(0, 0, 1.5, 1), 0),
    )
    assert (first.name, first.numbers, first.form, first.occlusion) == ("person", (600, 2, 46, 8), "xywh", 2)
    assert (second.name, second.numbers, second.visible) == ("person?", (0, 0, 1.5, 1), None)


def test_the_converters_tags_are_two_corners(tmp_path):
    (box,) = read(tmp_path, OBJECT.format("cyclist", CORNERED.format(10.0, 20.0, 15.0, 32.0), 1))
    assert (box.numbers, box.form, box.occlusion) == ((10, 20, 15, 32), "xyxy", 1)


def test_an_annotation_without_objects_is_no_fault(tmp_path):
    assert read(tmp_path) == ()


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (OBJECT.format("person", SIZED.format(5, 2, 0, 9), 0), r"object 1 \(person\) has an empty box 5 2 0 9"),
        (OBJECT.format("person", CORNERED.format(5, 9, 7, 9), 0), "has an empty box 5 9 7 9"),
        (OBJECT.format("person", SIZED.format("inf", 2, 3, 9), 0), "object 1: x is 'inf'; expected a finite number"),
        (OBJECT.format("person", "<w>3</w>", 0), "object 1: x is None"),
        (OBJECT.format("person", "", 0), "object 1: xmin is None"),
        (OBJECT.format("person", SIZED.format(1, 2, 3, 4), 3), r"object 1 \(person\) has the occlusion '3'"),
        (OBJECT.format("person", SIZED.format(1, 2, 3, 4), ""), "has the occlusion ''"),
        (OBJECT.format("", SIZED.format(1, 2, 3, 4), 0), "object 1 has no name"),
        ("<!DOCTYPE x>", "not XML"),
    ],
)
def test_a_box_that_is_none_is_named(tmp_path, item, said):
    with pytest.raises(InputFileError, match=rf"a\.xml.*: .*{said}"):
        read(tmp_path, item)


def test_what_is_written_is_read_again(tmp_path):
    write_kaist_xml(tmp_path / "b/a.xml", frame="set00/V000/I00000", boxes=[("person", (1, 2, 4, 7))])
    (box,) = read_kaist_xml(tmp_path, "b/a.xml")
    assert (box.numbers, box.occlusion) == ((1, 2, 3, 5), 0)
