"""Suites as data: the conditions they come to, and what of them concerns a model."""

import pytest

from rgbtbench.cards.suite import Suite, load_suite, suite_names
from rgbtbench.conditions.suites import Inputs, suite_conditions
from rgbtbench.errors import CardError, ConditionError, UnknownNameError

BOTH = Inputs(fed=("rgb", "lwir"), moved=("lwir",))


def ids(name, inputs=BOTH, **options):
    return [str(condition) for condition in suite_conditions(load_suite(name), inputs, **options)]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("missing", 2 * 6),
        ("missing-random", 2 * 3),
        ("misregistration", 10 + 10 + 4 + 6),
        ("corruptions", (15 + 7) * 5),
        ("corruptions-extra", (4 + 10) * 5),
        ("noisy", (1 + 2) * 3),
    ],
)
def test_every_suite_for_two_cameras(name, count):
    found = ids(name)
    assert len(found) == len(set(found)) == count


def test_no_suite_is_left_out_above():
    assert suite_names() == [
        "corruptions",
        "corruptions-extra",
        "misregistration",
        "missing",
        "missing-random",
        "noisy",
    ]


def test_severities_are_chosen_from():
    found = ids("corruptions", severities=(1, 5))
    assert len(found) == (15 + 7) * 2
    assert {text[-1] for text in found} == {"1", "5"}
    assert len(ids("missing", severities=(3,))) == 12


def test_subsets_of_three_modalities_are_all_but_none_and_all():
    three = Inputs(fed=("rgb", "depth", "lwir"), moved=("depth", "lwir"))
    found = [text for text in ids("missing", three) if "zero_norm" in text]
    assert found == [
        "missing:rgb/zero_norm",
        "missing:depth/zero_norm",
        "missing:lwir/zero_norm",
        "missing:depth/zero_norm+missing:rgb/zero_norm",
        "missing:lwir/zero_norm+missing:rgb/zero_norm",
        "missing:depth/zero_norm+missing:lwir/zero_norm",
    ]


def test_all_inputs_are_noisy_at_once_and_each_alone():
    assert ids("noisy")[::3] == ["noisy:lwir/0.05,0.1+noisy:rgb/0.05,0.1", "noisy:rgb/0.05,0.1", "noisy:lwir/0.05,0.1"]


def test_only_what_labels_do_not_follow_is_moved():
    assert all(":rgb/" in text for text in ids("misregistration", Inputs(fed=("rgb", "lwir"), moved=("rgb",))))


def test_what_a_model_is_not_fed_is_left_out():
    assert all(":lwir/" in text for text in ids("corruptions", Inputs(fed=("lwir",), moved=())))
    assert ids("missing", Inputs(fed=("lwir",), moved=())) == ["missing:lwir/swap"]
    with pytest.raises(ConditionError, match="no condition of the suite concerns this model"):
        ids("misregistration", Inputs(fed=("rgb",), moved=()))


def test_measured_values_are_neither_drawn_nor_corrupted():
    found = ids("missing", Inputs(fed=("rgb", "aolp"), moved=("aolp",), measured=frozenset({"aolp"})))
    assert [text for text in found if ":aolp/" in text] == [
        "missing:aolp/zero_norm", "missing:aolp/zero_raw", "missing:aolp/mean", "missing:aolp/swap",
    ]  # fmt: skip


def test_a_suite_of_ones_own_is_a_file(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "summary: mine\nlines:\n- {condition: 'shift:{modality}/{d},0', modalities: moved, values: {d: [1, 1.0]}}\n"
    )
    assert ids(str(file)) == ["shift:lwir/1,0"]


@pytest.mark.parametrize(
    ("condition", "values", "message"),
    [
        ("shift:{modality}/{d},0", {}, "places"),
        ("shift:lwir/{d},0", {"d": (1,)}, "places"),
        ("shift:{modality}/1,0", {"d": (1,)}, "places"),
    ],
)
def test_places_and_values_must_fit(condition, values, message):
    line = {"condition": condition, "modalities": "each", "values": values}
    with pytest.raises(ValueError, match=message):
        Suite.model_validate({"summary": "s", "lines": [line]})


def test_unknown_names_are_refused_with_the_closest(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean corruptions"):
        load_suite("corruption")
    with pytest.raises(CardError, match="no such file"):
        load_suite(str(tmp_path / "absent.yaml"))
