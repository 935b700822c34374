"""Numbers, boxes and points are read where an answer states them, and only there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbtbench.formats.marked_answer import read_boxes, read_points
from rgbtbench.scoring.language.quantities import stated_boxes, stated_count, stated_points


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        ("<num>21</num>", 21),
        ("<num> 21 </num> of about 30", 21),  # the mark says which
        ("21", 21),
        ("There are 21 cars.", 21),
        ("21 cars, so the answer is 21", 21),
        ("1,234 people", 1234),
        ("20.5", 20.5),
        ("0", 0),
    ],
)
def test_a_count_is_read(answer, count):
    assert stated_count(answer) == count


@pytest.mark.parametrize(
    "answer",
    [
        *(
            "",
            "many",
            "10-12",
            "10 to 12",
            "5 or 6",
            "-3",
            "<num>-3</num>",
            "<num>x</num>",
            "<num>1</num> <num>2</num>",
        ),
        *("1,23", "1.2.3", "9" * 10, "9" * 5000),
    ],
)
def test_no_number_several_and_negative_ones_are_no_count(answer):
    assert stated_count(answer) is None


@pytest.mark.parametrize(
    ("answer", "boxes"),
    [
        ("The target bounding box is <box>[[500, 223, 512, 238]]</box>.", [[500, 223, 512, 238]]),
        ("[1, 2, 3, 4]", [[1, 2, 3, 4]]),
        ("[1,2,3,4], [5,6,7,8]", [[1, 2, 3, 4], [5, 6, 7, 8]]),
        ("[[1,2,3,4],[5,6,7,8", [[1, 2, 3, 4]]),  # cut off: what is whole
        ("(1, 2, 3, 4)", [[1, 2, 3, 4]]),
        ("(1,2),(3,4)", [[1, 2, 3, 4]]),
        ("[[1, 2], [3, 4]]", [[1, 2, 3, 4]]),
        ("1, 2, 3, 4", [[1, 2, 3, 4]]),
        ("[0.125, -2, +3, 4.5]", [[0.125, -2, 3, 4.5]]),
    ],
)
def test_boxes_are_read_as_written(answer, boxes):
    found = stated_boxes(answer)
    assert found is not None
    assert found.tolist() == boxes


@pytest.mark.parametrize(
    "answer", ["", "none", "[1, 2, 3]", "[1, 2, 3, 4, 5]", "[]", "at 1, 2, 3, 4 or 5", "[a,b,c,d]"]
)
def test_other_numbers_are_no_box(answer):
    assert stated_boxes(answer) is None


@pytest.mark.parametrize(
    ("answer", "points"),
    [
        ("<ref>car</ref> at <pos>[(48, 628), (311.5, 495)]</pos>", [[48, 628], [311.5, 495]]),
        ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ("a car at (1,2) and another at (3, 4)", [[1, 2], [3, 4]]),
        ("<ref>car</ref> at <pos>[]</pos>", []),
        ("[]", []),
        (" <pos> [ ] </pos> .", []),
    ],
)
def test_points_are_read_as_written(answer, points):
    found = stated_points(answer)
    assert found is not None
    assert found.tolist() == points


@pytest.mark.parametrize("answer", ["", "none", "1, 2", "(1)", "[1, 2, 3, 4]", "(1, 2, 3)"])
def test_other_numbers_are_no_point(answer):
    assert stated_points(answer) is None


COORDINATES = st.integers(0, 1000)


@given(st.lists(st.tuples(COORDINATES, COORDINATES), min_size=1, max_size=6))
def test_points_in_the_form_of_the_labels_are_what_the_reader_of_labels_finds(points):
    answer = f"<ref>car</ref> at <pos>[{', '.join(f'({x}, {y})' for x, y in points)}]</pos>"
    assert stated_points(answer).tolist() == [list(point) for point in read_points(answer)[1]]


@given(st.lists(st.tuples(*[COORDINATES] * 4), min_size=1, max_size=6))
def test_boxes_in_the_form_of_the_labels_are_what_the_reader_of_labels_finds(boxes):
    answer = f"<box>[{', '.join(str(list(box)) for box in boxes)}]</box>"
    assert stated_boxes(answer).tolist() == [list(box) for box in read_boxes(answer)]
