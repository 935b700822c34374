"""YOLO text gives parts of the image; the module that reads it knows the names and the size."""

import numpy as np
import pytest

from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.write_boxes import write_yolo
from rgbtbench.formats.yolo_txt import read_yolo, xyxy_of_yolo
from tests.formats.files import put

NAMES = {0: "People", 3: "Lamp"}


def read(root, content):
    put(root, "a.txt", content)
    return read_yolo(root, "a.txt", names=NAMES)


def test_lines_give_names_and_numbers_as_written(tmp_path):
    first, second = read(tmp_path, "\ufeff3 0.5 0.25 0.1 0.2\r\n\r\n0 1e-1 0.5 0.2 1\n")
    assert (first.name, first.numbers) == ("Lamp", (0.5, 0.25, 0.1, 0.2))
    assert (second.name, second.numbers) == ("People", (0.1, 0.5, 0.2, 1))


def test_an_empty_file_is_an_image_without_objects_and_a_missing_one_is_a_fault(tmp_path):
    assert read(tmp_path, "") == ()
    assert xyxy_of_yolo([], width=9, height=7).shape == (0, 4)
    with pytest.raises(InputFileError, match=r"b\.txt: no such file"):
        read_yolo(tmp_path, "b.txt", names=NAMES)


def test_corners_are_in_pixels_of_the_image(tmp_path):
    # Half of 200 by 100 pixels, its middle a quarter from the left and half from the top.
    written = read(tmp_path, "0 0.25 0.5 0.5 0.5\n")
    assert xyxy_of_yolo(written, width=200, height=100).tolist() == [[0, 25, 100, 75]]


def test_what_is_written_comes_back_within_half_of_the_last_digit(tmp_path):
    boxes = [("Lamp", (1.0, 2.0, 801.0, 333.0)), ("People", (0.0, 0.0, 1024.0, 768.0))]
    write_yolo(tmp_path / "x" / "a.txt", size=(1024, 768), boxes=boxes, ids={"People": 0, "Lamp": 3})
    found = read_yolo(tmp_path, "x/a.txt", names=NAMES)
    assert [item.name for item in found] == ["Lamp", "People"]
    np.testing.assert_allclose(xyxy_of_yolo(found, width=1024, height=768), [box for _, box in boxes], atol=1024 * 1e-6)


@pytest.mark.parametrize(
    ("line", "error", "said"),
    [
        ("0 0.5 0.5 0.1", InputFileError, r"a\.txt:2: '0 0\.5 0\.5 0\.1' is no object; expected a class id"),
        ("0 0.5 0.5 0.1 0.1 0.9", InputFileError, "is no object"),
        ("People 0.5 0.5 0.1 0.1", InputFileError, "is no object"),
        ("0.0 0.5 0.5 0.1 0.1", InputFileError, "is no object"),
        ("0 nan 0.5 0.1 0.1", InputFileError, "is no object"),
        ("0 0.5 0.5 0 0.1", InputFileError, "with a positive size"),
        ("0 0.5 0.5 1e999 0.1", InputFileError, "is no object"),
        ("4 0.5 0.5 0.1 0.1", LabelError, r"a\.txt:2: class id 4; expected 0 People, 3 Lamp"),
    ],
)
def test_a_line_that_is_no_object_is_named(tmp_path, line, error, said):
    with pytest.raises(error, match=said):
        read(tmp_path, f"0 0.5 0.5 0.1 0.1\n{line}\n")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    with pytest.raises(InputFileError, match="not UTF-8"):
        read(tmp_path, b"\xff\xfe0")
