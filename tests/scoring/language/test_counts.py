"""Numbers of each task by hand, both ways of reading, and every weighting equal to a plain loop."""

import numpy as np
import pytest

from rgbtbench.cards.rules import LanguageRules
from rgbtbench.cards.rules.language import NEGATIVE, POSITIVE
from rgbtbench.errors import LabelError, PredictionError, UserError
from rgbtbench.progress import Silent
from rgbtbench.scoring.language.collect import collect
from rgbtbench.scoring.language.counts import Answers
from tests.scoring.language.made_up import NO_CLASSES, Rows, counted, measured

OPTIONS = {"options": {"A": "person", "B": "car", "C": "dog", "D": "cat"}}


def rules(task, kind, headline, **changes):
    return LanguageRules(answers={task: kind}, headline=headline, **changes)


def same(found, expected):
    assert list(found) == list(expected)
    assert list(found.values()) == pytest.approx(list(expected.values()), nan_ok=True)


def test_a_choice_is_right_however_it_is_worded_and_void_when_it_hedges(tmp_path):
    rows = {
        "t/0": (OPTIONS | {"chosen": ["A"]}, "It is a person."),
        "t/1": (OPTIONS | {"chosen": ["A"]}, "(B) car"),
        "t/2": (OPTIONS | {"chosen": ["A"]}, "a person or a car"),
        "t/3": (OPTIONS | {"chosen": ["B"]}, "b"),
    }
    same(measured(way := rules("t", "option", "accuracy"), found := counted(way, rows, tmp_path)),
         {"accuracy": 50.0, "parse_rate": 75.0})  # fmt: skip
    assert found.per_class(way, NO_CLASSES) == {
        "car": {"accuracy": 100.0},
        "person": {"accuracy": pytest.approx(100 / 3)},
    }


def test_the_authors_want_every_letter_the_same(tmp_path):
    rows = {"t/0": ("(A) person", " (A) person\n"), "t/1": ("(A) person", "A"), "t/2": ("(A) person", "(A) person.")}
    way = rules("t", "option", "accuracy", reading="authors")
    same(measured(way, counted(way, rows, tmp_path)), {"accuracy": 100 / 3, "parse_rate": 100.0})


def test_all_absent_options_and_no_others(tmp_path):
    true = OPTIONS | {"chosen": ["A", "B"]}
    answers = ["(B) car (A) person", "person and car", "A", "A, B, C", "nothing"]
    way = rules("t", "options", "accuracy")
    found = counted(way, {f"t/{at}": (true, answer) for at, answer in enumerate(answers)}, tmp_path)
    same(measured(way, found), {"accuracy": 40.0, "parse_rate": 80.0})


def test_yes_and_no_and_tiles(tmp_path):
    way = rules("t", "yes_no", "accuracy")
    found = counted(way, {"t/0": ({"holds": False}, "No."), "t/1": ({"holds": False}, "?")}, tmp_path)
    same(measured(way, found), {"accuracy": 50.0, "parse_rate": 50.0})
    way = rules("t", "tile", "accuracy")
    found = counted(way, {"t/0": ({"tile": 7}, "tile 7"), "t/1": ({"tile": 7}, "8")}, tmp_path)
    same(measured(way, found), {"accuracy": 50.0, "parse_rate": 100.0})


def test_a_count_that_cannot_be_read_counts_as_none_where_the_authors_drop_it(tmp_path):
    numbers = [(10, "<num>13</num>"), (4, "about 4"), (20, "many"), (0, "?")]
    way = rules("t", "count", "count_mae")
    found = counted(way, {f"t/{at}": ({"count": true}, said) for at, (true, said) in enumerate(numbers)}, tmp_path)
    same(
        measured(way, found),
        {"count_mae": (3 + 0 + 20 + 1) / 4, "count_rmse": ((9 + 0 + 400 + 1) / 4) ** 0.5, "parse_rate": 50.0},
    )
    way = rules("t", "count", "count_mae", reading="authors")
    labels = {f"t/{at}": (f"<num>{true}</num>", said) for at, (true, said) in enumerate(numbers)}
    same(measured(way, counted(way, labels, tmp_path)), {"count_mae": 3.0, "count_rmse": 3.0, "parse_rate": 25.0})


def test_answers_without_any_number_have_no_error_by_the_authors(tmp_path):
    way = rules("t", "count", "count_mae", reading="authors")
    found = measured(way, counted(way, {"t/0": ("<num>3</num>", "three")}, tmp_path))
    same(found, {"count_mae": np.nan, "count_rmse": np.nan, "parse_rate": 0.0})


def boxes(label, *true):
    return {"label": label, "boxes": list(true), "boxes_thousandths": [[2 * number for number in box] for box in true]}


def test_average_precision_is_the_mean_over_what_is_sought(tmp_path):
    """car: first boxes 1 of 2 hit, second boxes 1 of 1, so precision 1/2, then 2/3, which holds for all recall: 2/3."""
    rows = {
        "t/0": (boxes("car", [0, 0, 10, 10]), "[[0, 0, 10, 10]]"),
        "t/1": (boxes("car", [0, 0, 10, 10]), "[[50, 0, 60, 10], [0, 0, 10, 9]]"),
        "t/2": (boxes("bike", [0, 0, 10, 10]), "nowhere"),
    }
    way = rules("t", "box", "ap50")
    found = counted(way, rows, tmp_path)
    same(measured(way, found), {"ap50": 100 * (2 / 3 + 0) / 2, "parse_rate": 200 / 3})
    assert found.per_class(way, NO_CLASSES) == {"bike": {"ap50": 0.0}, "car": {"ap50": pytest.approx(200 / 3)}}
    first_only = rules("t", "box", "ap50", max_boxes=1)
    found = measured(first_only, counted(first_only, rows, tmp_path))
    assert found["ap50"] == pytest.approx(100 * (51 / 101 * 0.5 + 0) / 2)  # recall 0.5: 51 of the 101 levels


def test_boxes_are_read_in_the_unit_of_the_protocol_alone(tmp_path):
    rows = {"t/0": (boxes("car", [10, 10, 20, 20]), "[[20, 20, 40, 40]]")}
    for unit, expected in (("pixels", 0.0), ("thousandths", 100.0)):
        way = rules("t", "box", "ap50", box_units=unit)
        assert measured(way, counted(way, rows, tmp_path))["ap50"] == pytest.approx(expected)


def test_the_authors_recall_forgives_boxes_beyond_and_says_where_the_script_stops(tmp_path):
    way = rules("t", "box", "recall", reading="authors")
    rows = {
        "t/0": ("<box>[[0, 0, 10, 10]]</box>", "[[50, 0, 60, 10], [0, 0, 10, 9]]"),
        "t/1": ("<box>[[0, 0, 10, 10]]</box>", "[0, 0, 10, 10]"),
    }
    found = counted(way, rows, tmp_path)
    same(measured(way, found), {"recall": 50.0, "parse_rate": 50.0})
    assert found.notes(way, NO_CLASSES) == (
        "the authors' script stops with an error at 1 answer and prints no number; here they are wrong",
    )


def points(*true):
    return {"label": "car", "points": [], "points_thousandths": list(true)}


def test_points_without_a_partner_count_where_the_authors_forget_them(tmp_path):
    """Image 0: 3 off and one missed, (3 + 100) / 2. Image 1: exact and one invented, (0 + 100) / 2. Image 2: 100."""
    true = [[(10, 10), (500, 500)], [(10, 10)], [(10, 10)]]
    said = ["<pos>[(10, 13)]</pos>", "<pos>[(10, 10), (900, 900)]</pos>", "?"]
    way = rules("t", "points", "location_mae")
    found = counted(way, {f"t/{at}": (points(*true[at]), said[at]) for at in range(3)}, tmp_path)
    same(
        measured(way, found),
        {
            "location_mae": (51.5 + 50 + 100) / 3,
            **dict.fromkeys(("location_f1_5", "location_f1_10", "location_f1_25"), 100 * 2 * 2 / (3 + 4)),
            "location_precision": 200 / 3,
            "location_recall": 200 / 4,
            "parse_rate": 200 / 3,
        },
    )
    labels = [f"<ref>car</ref> at <pos>{one}</pos>" for one in true]
    way = rules("t", "points", "location_mae", reading="authors")
    found = counted(way, {f"t/{at}": (labels[at], said[at]) for at in range(3)}, tmp_path)
    same(
        measured(way, found),
        {
            "location_mae": (3 + 0) / 2,
            "location_distance": (3 + 0) / 2,
            "location_f1_5": 100 * 2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4),
            "location_precision": 200 / 3,
            "location_recall": 200 / 4,
            "parse_rate": 200 / 3,
        },
    )


def test_who_never_finds_anything_has_no_error_by_the_authors(tmp_path):
    label = "<ref>car</ref> at <pos>[(10, 10)]</pos>"
    way = rules("t", "points", "location_mae", reading="authors")
    for answer, precision in (("?", 100.0), ("<pos>[(900, 900)]</pos>", 0.0)):
        found = measured(way, counted(way, {"t/0": (label, answer)}, tmp_path))
        assert (found["location_mae"], found["location_f1_5"], found["location_precision"]) == (0.0, 0.0, precision)


def mixed(folder, seed=0):
    """Statistics of all nine tasks, nine samples each, with answers of all sorts."""
    rng = np.random.default_rng(seed)
    true = {
        "option": OPTIONS | {"chosen": ["A"]},
        "options": OPTIONS | {"chosen": ["A"]},
        "yes_no": {"holds": True},
        "tile": {"tile": 3},
        "count": {"count": 5},
        "box": boxes("car", [0, 0, 10, 10]),
        "points": points((10, 10), (20, 20)),
    }
    said = {
        "option": ["A", "B", "?"],
        "options": ["A", "A, B", "?"],
        "yes_no": ["yes", "no", "?"],
        "tile": ["3", "4", "?"],
        "count": ["5", "9", "?"],
        "box": ["[0,0,10,10]", "[[9,9,19,19],[0,0,10,10]]", "?"],
        "points": ["(10,10) (20,21)", "(10,14)", "?"],
    }
    kinds = dict(
        zip(
            (*POSITIVE, *NEGATIVE),
            ("option", "option", "box", "yes_no", "tile", "options", "points", "count", "count"),
            strict=True,
        )
    )
    rows = {}
    for task, kind in kinds.items():
        for at in range(9):
            label = true[kind]
            if kind == "box" and at % 3 == 0:
                label = {**label, "label": "bike"}
            rows[f"{task}/{at}"] = (label, said[kind][rng.integers(3)])
    both = {}
    for headline, tasks in (("psum", POSITIVE), ("nsum", NEGATIVE)):
        way = LanguageRules(answers={task: kinds[task] for task in tasks}, headline=headline)
        part = {key: row for key, row in rows.items() if key.partition("/")[0] in tasks}
        both[headline] = way, counted(way, part, folder)
    return both


def test_sums_are_those_of_the_tasks_own_numbers(tmp_path):
    for headline, (way, found) in mixed(tmp_path).items():
        own = {"psum": "accuracy ap50", "nsum": "location_mae count_mae"}[headline].split()
        alone = [measured(way, found, images=range(9 * at, 9 * at + 9)) for at in range(len(way.answers))]
        total = sum(next(one[name] for name in own if name in one) for one in alone)
        rate = np.mean([one["parse_rate"] for one in alone])
        same(measured(way, found), {headline: total, "parse_rate": rate})


def test_a_part_that_lacks_a_task_has_no_sum(tmp_path):
    way, found = mixed(tmp_path)["nsum"]
    assert list(measured(way, found, images=range(18))) == ["parse_rate"]


@pytest.mark.parametrize("headline", ["psum", "nsum"])
def test_weights_count_samples_as_often_as_they_say(headline, tmp_path):
    way, found = mixed(tmp_path)[headline]
    count = len(found.tasks)
    weights = np.random.default_rng(1).integers(0, 3, (4, count))
    weights[:, ::9] += 1
    everything = np.ones(count, np.bool_)
    many = found.measure(way, NO_CLASSES, everything)(weights.astype(np.float64), True)
    for row, weight in enumerate(weights):
        repeated = np.repeat(np.arange(count), weight)
        copy = Answers(
            found.task_names,
            found.tasks[repeated],
            found.label_names,
            found.labels[repeated],
            {name: values[repeated] for name, values in found.numbers.items()},
            found.hits[repeated],
        )
        assert {name: float(values[row]) for name, values in many.items()} == pytest.approx(measured(way, copy))


def test_a_class_without_samples_in_a_resample_keeps_its_value(tmp_path):
    rows = {
        "t/0": (boxes("car", [0, 0, 10, 10]), "[[0, 0, 10, 10]]"),
        "t/1": (boxes("bike", [0, 0, 10, 10]), "nowhere"),
    }
    way = rules("t", "box", "ap50")
    measure = counted(way, rows, tmp_path).measure(way, NO_CLASSES, np.ones(2, np.bool_))
    assert measure(np.array([[2.0, 0.0], [1.0, 1.0], [0.0, 2.0]]), True)["ap50"] == pytest.approx([50.0, 50.0, 50.0])


def test_a_task_without_samples_in_a_resample_keeps_its_value(tmp_path):
    way, found = mixed(tmp_path)["nsum"]
    weights = np.ones((1, 27))
    weights[0, :9] = 0
    drawn = found.measure(way, NO_CLASSES, np.ones(27, np.bool_))(weights, True)["nsum"]
    assert drawn == pytest.approx([measured(way, found)["nsum"]])


@pytest.mark.parametrize("headline", ["psum", "nsum"])
def test_statistics_come_back_from_their_arrays(headline, tmp_path):
    way, found = mixed(tmp_path)[headline]
    again = Answers.from_arrays(found.to_arrays())
    assert measured(way, again) == measured(way, found)
    assert again.task_names == found.task_names
    assert again.hits.tolist() == found.hits.tolist()
    assert all(array.dtype.kind in "uifU" for array in found.to_arrays().values())


def test_a_label_that_is_no_right_answer_names_its_row(tmp_path):
    with pytest.raises(LabelError, match=r"t/0: 'no number' is no right answer to a question of the task t"):
        counted(rules("t", "count", "count_mae", reading="authors"), {"t/0": ("no number", "1")}, tmp_path)
    with pytest.raises(LabelError, match="is no right answer"):
        counted(rules("t", "count", "count_mae"), {"t/0": ({"holds": True}, "1")}, tmp_path)


def test_a_task_that_the_rules_do_not_have_is_refused(tmp_path):
    with pytest.raises(UserError, match="a sample of the task t; expected s"):
        counted(rules("s", "count", "count_mae"), {"t/0": ({"count": 1}, "1")}, tmp_path)


def test_every_question_needs_an_answer(tmp_path):
    way = rules("t", "count", "count_mae")
    counted(way, {"t/0": ({"count": 1}, "1")}, tmp_path)
    (tmp_path / "answers.jsonl").write_text("")
    with pytest.raises(PredictionError, match=r"1 key \(t/0\) of 1 without an answer"):
        collect(way, Rows({"t/0": {"count": 1}}), range(1), tmp_path / "answers.jsonl", progress=Silent())
