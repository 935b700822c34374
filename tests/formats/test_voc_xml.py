"""VOC files give the numbers as written."""

import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.voc_xml import read_voc
from tests.formats.files import put

OBJECT = "<object><name>{}</name><difficult>{}</difficult><bndbox>{}</bndbox></object>"
BOX = "<xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax>"


def read(root, *objects):
    put(root, "a.xml", f"<annotation><size><width>9</width></size>{''.join(objects)}</annotation>")
    return read_voc(root, "a.xml")


def test_names_numbers_and_flags_come_in_the_files_order(tmp_path):
    first, second = read(
        tmp_path,
        OBJECT.format("person", 0, BOX.format(1, 2, 1280, 1024)),
        OBJECT.format(" car ", 1, BOX.format(1.5, 2, 3, "4e0")),
    )
    assert (first.name, first.numbers, first.difficult) == ("person", (1, 2, 1280, 1024), False)
    assert (second.name, second.numbers, second.difficult) == ("car", (1.5, 2, 3, 4), True)


def test_an_image_without_objects_is_no_fault(tmp_path):
    assert read(tmp_path) == ()


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (OBJECT.format("person", 0, BOX.format(5, 2, 5, 9)), r"object 1 \(person\) has an empty box 5 2 5 9"),
        (OBJECT.format("person", 0, BOX.format(5, 9, 7, 2)), "has an empty box"),
        (OBJECT.format("person", 0, BOX.format("nan", 2, 5, 9)), "object 1: xmin is 'nan'; expected a finite number"),
        (OBJECT.format("person", 0, BOX.format(1, 2, "1e999", 9)), "xmax is '1e999'"),
        (OBJECT.format("person", 0, "<xmin>1</xmin>"), "ymin is None"),
        (OBJECT.format("", 0, BOX.format(1, 2, 3, 4)), "object 1 has no name"),
    ],
)
def test_a_box_that_is_none_is_named(tmp_path, item, said):
    with pytest.raises(InputFileError, match=rf"a\.xml: .*{said}"):
        read(tmp_path, item)


def test_broken_xml_is_named_with_its_line(tmp_path):
    put(tmp_path, "a.xml", "<annotation>\n<object>\n</annotation>")
    with pytest.raises(InputFileError, match=r"a.xml:3: not XML: mismatched tag"):
        read_voc(tmp_path, "a.xml")
