"""Marked answers: numbers come back as written, and another form is refused."""

import pytest

from rgbtbench.formats.marked_answer import read_boxes, read_count, read_options, read_points


def test_points_have_a_label():
    answer = "<ref>car</ref> at <pos>[(48, 628), (311.5, -4)]</pos>"
    assert read_points(answer) == ("car", [(48, 628), (311.5, -4)])


def test_boxes_stand_in_a_sentence():
    answer = "The target bounding box is <box>[[500, 223, 512, 238], [0, 1, 2, 3]]</box>."
    assert read_boxes(answer) == [(500, 223, 512, 238), (0, 1, 2, 3)]


def test_numbers_and_options():
    assert read_count("<num>21</num>") == 21
    assert read_options("(A) other vehicle (C) car") == {"A": "other vehicle", "C": "car"}


@pytest.mark.parametrize(
    ("read", "answer"),
    [
        (read_points, "<ref>car</ref> at <pos>[]</pos>"),
        (read_points, "<ref>car</ref> at <pos>[(1, 2, 3)]</pos>"),
        (read_points, "<ref>car</ref> at <pos>[(1, 2)]</pos> and more"),
        (read_boxes, "<box>[1, 2, 3, 4]</box>"),
        (read_boxes, "<box>[[1, 2, 3]]</box>"),
        (read_boxes, "<box>[[1, 2, 3, 4]"),
        (read_count, "21"),
        (read_count, "<num>two</num>"),
        (read_options, "scooter"),
        (read_options, "(A) car (A) dog"),
        (read_options, "car (A) dog"),
    ],
)
def test_another_form_is_refused(read, answer):
    with pytest.raises(ValueError, match=r"does not state|no line of options|a letter twice"):
        read(answer)
