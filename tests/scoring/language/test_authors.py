"""Every quirk of the authors' scripts by hand, and the numbers that the scripts print for made-up answers."""

import ast
import math

import numpy as np
import pytest

from rgbtbench.scoring.language.authors import (
    StoppedError,
    first_come_matches,
    found_boxes,
    listed_boxes,
    listed_points,
    marked_count,
    same_text,
)
from tests.scoring.language.released import answers, needs_released, rows

TRUTH = [[0, 0, 10, 10]]


def test_texts_are_equal_to_the_letter_but_for_white_space_around_them():
    assert same_text(" (A) person\n", "(A) person")
    for other in ("A", "(A) person.", "(a) person", "(A)  person"):
        assert not same_text(other, "(A) person")


@pytest.mark.parametrize(
    ("answer", "count"),
    [("<num>21</num>", 21), ("<num>3</num> and <num>4</num>", 3), ("<num>007</num>", 7)]
    + [(answer, None) for answer in ("21", "<num> 21 </num>", "<num>-3</num>", "<num>2.5</num>", "")],
)
def test_only_whole_numbers_in_marks_count_and_the_first_of_them(answer, count):
    assert marked_count(answer) == count


def test_a_number_without_end_stops_the_script():
    with pytest.raises(StoppedError):
        marked_count(f"<num>{'9' * 5000}</num>")


def test_brackets_that_are_missing_at_the_end_are_added():
    assert listed_boxes("<box>[[1, 2, 3, 4") == [[1, 2, 3, 4]]
    assert listed_boxes("a [[1, 2, 3, 4]") == [[1, 2, 3, 4]]
    assert listed_boxes("The box is <box>[[1, 2, 3, 4]]</box>.") == [[1, 2, 3, 4]]


@pytest.mark.parametrize(
    "answer", ["", "none", "]", "see [1]: [[1, 2, 3, 4]]", "[[1, 2, 3 4]]", "[" * 5000, "[[1, 2, x, 4]]"]
)
def test_what_is_no_python_value_stops_the_script(answer):
    with pytest.raises(StoppedError):
        listed_boxes(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "[0, 0, 10, 10]",  # one box without a list around it
        "[[0, 0, 10]]",
        "[['a', 'b', 'c', 'd']]",
        "[[0, 0, 10, 10]], [[0, 0, 10, 10]]",
        "[0, 0, 10, 10], [0, 0, 10, 10]",  # a tuple: hit, but nothing can be taken away from it
        "[{}]",
        "[[10, 0, 0, 10]]",  # corners the wrong way round: areas that add up to nothing
    ],
)
def test_lists_of_another_shape_stop_the_script(answer):
    with pytest.raises(StoppedError):
        found_boxes(listed_boxes(answer), TRUTH)


def test_a_hit_needs_half_an_overlap_and_boxes_beyond_cost_nothing():
    assert found_boxes([[0, 0, 10, 5]], TRUTH) == 1.0
    assert found_boxes([[0, 0, 10, 4]], TRUTH) == 0.0
    assert found_boxes([[50, 50, 60, 60]] * 99 + [[0, 0, 10, 10]], TRUTH) == 1.0
    assert found_boxes([], TRUTH) == 0.0


def test_a_box_is_used_once_and_equal_boxes_are_two():
    two = [[0, 0, 10, 10], [1, 0, 11, 10]]
    assert found_boxes([[0, 0, 10, 10]], two) == 0.5
    assert found_boxes([[0, 0, 10, 10], [0, 0, 10, 10]], two) == 1.0


@pytest.mark.parametrize(
    ("answer", "points"),
    [
        ("<ref>car</ref> at <pos>[(48, 628), (311.5, 495)]</pos>", [(48, 628), (311.5, 495)]),
        ("<pos>[(1, 2)]</pos> <pos>[(3, 4)]</pos>", [(1, 2)]),
        ("<pos>[]</pos>", []),
        ("<pos>[[1, 2]]</pos>", []),  # lists instead of tuples
        ("<pos>[(1, 2, 3)]</pos>", []),
        ("<pos>(1, 2)</pos>", []),  # one point without a list around it
        ("<pos>[(1, 2)\n]</pos>", []),  # over two lines
        ("<pos>\n<pos>[(1, 2)]</pos>", [(1, 2)]),
        ("[(1, 2)]", []),
        ("<pos>[(1, 2)]", []),
        ("<pos>[(1, 2</pos>", []),
    ],
)
def test_points_are_a_list_of_pairs_on_one_line_between_marks(answer, points):
    assert listed_points(answer) == points


def test_the_reader_of_points_is_a_search_for_the_first_pair_of_marks():
    import re

    for answer in (
        "<pos>[(1, 2)]</pos>" * 2,
        "</pos><pos>[(3, 4)]</pos>",
        "<pos><pos>[(1, 2)]</pos>",
        "<pos>[(1,\n2)]</pos>",
    ):
        found = re.search(r"<pos>(.*?)</pos>", answer)
        try:
            expected = ast.literal_eval(found[1]) if found else []
        except SyntaxError:
            expected = []
        assert listed_points(answer) == expected


def test_first_come_first_served_within_five():
    assert first_come_matches([(0, 0), (8, 0)], [(4, 0), (100, 0)]) == [4.0]
    assert first_come_matches([(8, 0), (0, 0)], [(4, 0), (100, 0)]) == [4.0]
    assert first_come_matches([(0, 0)], [(3, 4), (0, 5.01)]) == [5.0]
    assert first_come_matches([(0, 0)], [(0, 5.01)]) == []
    assert first_come_matches([(0, 0), (0, 1)], [(0, 0)]) == [0.0]


@pytest.mark.parametrize("points", [[("a", "b")], [(1e200, 0)]])
def test_points_without_a_distance_stop_the_script(points):
    with pytest.raises(StoppedError):
        first_come_matches([(0, 0)], points)


# What `Recognition.py`, `Counting.py`, `Detection.py` and `Location.py`, unchanged, print for these answers.


@needs_released
@pytest.mark.parametrize(
    ("name", "accuracy"),
    [
        ("Recognition", 0.3997300944669366),
        ("Security", 0.37511133732026974),
        ("Relationship", 0.56388088376561),
        ("ReID", 0.6434503080632199),
    ],
)
def test_accuracy_is_what_the_script_prints(name, accuracy):
    right = [same_text(answer, label) for answer, (_, _, label) in zip(answers(name), rows(name), strict=True)]
    assert np.mean(right) == pytest.approx(accuracy, abs=1e-15)


@needs_released
@pytest.mark.parametrize(
    ("name", "mae", "rmse"),
    [
        ("AerialCounting", 6.588333333333333, 12.09125027998897),
        ("PedestrianCounting", 14.609898107714702, 36.13155245722819),
    ],
)
def test_counting_errors_are_what_the_script_prints(name, mae, rmse):
    pairs = [
        (marked_count(answer), marked_count(label))
        for answer, (_, _, label) in zip(answers(name), rows(name), strict=True)
    ]
    errors = np.array([found - true for found, true in pairs if found is not None])
    assert len(errors) < len(pairs)
    assert np.abs(errors).mean() == pytest.approx(mae, abs=1e-12)
    assert math.sqrt((errors**2).mean()) == pytest.approx(rmse, abs=1e-12)


@needs_released
def test_found_boxes_are_what_the_script_prints():
    labels = [listed_boxes(label) for _, _, label in rows("Detection")]
    found = [found_boxes(listed_boxes(answer), true) for answer, true in zip(answers("Detection"), labels, strict=True)]
    assert np.mean(found) == pytest.approx(0.7461455718895662, abs=1e-14)


@needs_released
def test_locations_are_what_the_script_prints():
    true = [listed_points(label) for _, _, label in rows("Location")]
    points = [listed_points(answer) for answer in answers("Location")]
    matched = [first_come_matches(first, second) for first, second in zip(true, points, strict=True)]
    hits, stated, there = (sum(map(len, column)) for column in (matched, points, true))
    assert hits / stated == pytest.approx(0.585133642588911, abs=1e-14)
    assert hits / there == pytest.approx(0.391744801680026, abs=1e-14)
    assert sum(map(sum, matched)) / hits == pytest.approx(2.4521309335567114, abs=1e-12)
    assert np.mean([np.mean(part) for part in matched if part]) == pytest.approx(2.641235933580946, abs=1e-12)
