"""Quadrilaterals in VOC-like XML: numbers as written, upright boxes as corners, and nothing half read."""

import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.polygon_xml import PolygonObject, read_polygons
from rgbtbench.formats.write_boxes import write_polygons
from tests.formats.files import put

POLYGON = "".join(
    f"<{axis}{corner}>{corner * 10 + (axis == 'y')}</{axis}{corner}>" for corner in range(1, 5) for axis in "xy"
)


def xml(*objects):
    return "<annotation>" + "".join(f"<object>{item}</object>" for item in objects) + "</annotation>"


def test_corners_are_the_numbers_as_written_in_their_order(tmp_path):
    put(tmp_path, "a.xml", xml(f"<name>car</name><polygon>{POLYGON}</polygon>"))
    assert read_polygons(tmp_path, "a.xml") == (PolygonObject("car", (10, 11, 20, 21, 30, 31, 40, 41)),)


def test_an_upright_box_becomes_its_corners_clockwise(tmp_path):
    box = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>5</xmax><ymax>4</ymax></bndbox>"
    put(tmp_path, "a.xml", xml(f"<name>bus</name>{box}"))
    assert read_polygons(tmp_path, "a.xml") == (PolygonObject("bus", (1, 2, 5, 2, 5, 4, 1, 4)),)


def test_an_object_without_a_place_or_a_name_is_told_as_such(tmp_path):
    put(tmp_path, "a.xml", xml("<name>van</name>", f"<polygon>{POLYGON}</polygon>"))
    placeless, nameless = read_polygons(tmp_path, "a.xml")
    assert (placeless.corners, nameless.name) == (None, "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (POLYGON.replace("<y4>41</y4>", ""), r"object 1: polygon/y4 is None; expected a finite number"),
        (POLYGON.replace("41", "inf"), "polygon/y4 is 'inf'"),
        (POLYGON.replace("41", "x"), "polygon/y4 is 'x'"),
    ],
)
def test_a_number_that_is_none_is_named(tmp_path, content, said):
    put(tmp_path, "a.xml", xml(f"<name>car</name><polygon>{content}</polygon>"))
    with pytest.raises(InputFileError, match=rf"a\.xml: .*{said}"):
        read_polygons(tmp_path, "a.xml")


def test_what_is_written_is_read(tmp_path):
    write_polygons(tmp_path / "l/a.xml", [("a < b", (1.5, 2, 3, 4, 5, 6, 7, 8))])
    assert read_polygons(tmp_path, "l/a.xml") == (PolygonObject("a < b", (1.5, 2, 3, 4, 5, 6, 7, 8)),)
