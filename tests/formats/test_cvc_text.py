"""CVC text states centres, and which objects need not be found."""

import numpy as np
import pytest

from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.errors import InputFileError
from rgbtbench.formats.cvc_text import read_cvc_text
from rgbtbench.formats.pedestrian_box import pedestrian_boxes
from rgbtbench.formats.write_boxes import write_cvc_text
from tests.formats.files import put

LINE = "97 101 18 52 1 0 0 0 0 3 0"


def read(root, text):
    put(root, "a.txt", text)
    return read_cvc_text(root, "a.txt", name="person")


def test_a_line_is_a_centre_a_size_and_whether_it_must_be_found(tmp_path):
    first, second = read(tmp_path, f"{LINE}\r\n10  20 3 5 0 0 0 0 0 4 0\r\n")
    assert (first.name, first.numbers, first.form, first.ignore) == ("person", (97, 101, 18, 52), "cxcywh", False)
    assert (second.numbers, second.ignore, second.occlusion) == ((10, 20, 3, 5), True, -1)


def test_half_of_the_size_lies_on_each_side_of_the_centre(tmp_path):
    facts = LabelSetFacts.model_validate(
        {"kind": "boxes", "frame": "rgb", "classes": [{"id": 1, "name": "person", "unified": "person"}]}
    )
    boxes = pedestrian_boxes(read(tmp_path, "10 20 3 5 1 0 0 0 0 1 0"), facts, ignored=(), source="cvc", path=tmp_path)
    np.testing.assert_array_equal(boxes.xyxy, [[8.5, 17.5, 11.5, 22.5]])
    np.testing.assert_array_equal(boxes.raw, [[10, 20, 3, 5]])
    assert boxes.convention == "cvc-cxcywh as written, half-open"


def test_a_file_of_no_bytes_says_that_nothing_is_there(tmp_path):
    assert read(tmp_path, "") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LINE[:-2], r"a\.txt:1: '97 .*' is no object; expected x y width height mandatory 0 0 0 0 track 0"),
        (f"{LINE}\n{LINE.replace('18', 'x')}", r"a\.txt:2: .* is no object"),
        (LINE.replace("52 1", "52 7"), "is no object"),
        (LINE.replace("18", "-18"), "an object has the size -18 52"),
        (b"\xff", "not UTF-8 text"),
    ],
)
def test_what_is_no_object_is_named_with_its_line(tmp_path, text, said):
    with pytest.raises(InputFileError, match=said):
        read(tmp_path, text)


def test_what_is_written_is_read_again(tmp_path):
    write_cvc_text(tmp_path / "b/a.txt", boxes=[("person", (1, 2, 4, 7))])
    (box,) = read_cvc_text(tmp_path, "b/a.txt", name="person")
    assert box.numbers == (2.5, 4.5, 3, 5)
