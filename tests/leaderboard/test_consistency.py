"""Contradictions in published tables: worked examples of each, and what rounding allows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rgbtbench.leaderboard.consistency import find_inconsistencies
from rgbtbench.leaderboard.published import PublishedRow

MFNET = ("unlabeled", "car", "person", "bike", "curve", "car_stop", "guardrail", "color_cone", "bump")


def published(dataset: str = "mfnet", **facts: object) -> PublishedRow:
    given = {
        "dataset": dataset, "method": "madeupnet", "inputs": ("rgb", "lwir"), "protocol": "unknown",
        "source": "a made-up paper", "file": f"{dataset}.csv", "line": 2,
    }  # fmt: skip
    return PublishedRow.model_validate(given | facts)


def reasons(*rows: PublishedRow) -> list[str]:
    return [one.reason for one in find_inconsistencies(rows)]


def with_classes(miou: str, *values: str, protocol: str = "mfnet/miou-9") -> PublishedRow:
    per_class = {name: {"iou": Decimal(value)} for name, value in zip(MFNET, values, strict=False)}
    return published(protocol=protocol, protocol_version=1, metrics={"miou": Decimal(miou)}, per_class=per_class)


@pytest.mark.parametrize(
    ("miou", "found"),
    [
        # Eight times 50.0 and once 59.0 make 51.0.
        ("51.0", []),
        # Half a unit in the printed mean, half a unit in each class: 0.1 in all.
        ("51.1", []),
        ("51.2", ["printed miou 51.2, mean of the printed classes 51.00"]),
        # A mean printed with two digits leaves less room, classes with one digit as much.
        ("51.05", []),
        ("51.06", ["printed miou 51.06, mean of the printed classes 51.00"]),
    ],
)
def test_the_mean_of_all_classes_is_the_printed_mean_but_for_rounding(miou, found):
    assert reasons(with_classes(miou, *["50.0"] * 8, "59.0")) == found


def test_a_class_left_out_must_have_a_possible_value():
    assert reasons(with_classes("51.0", *["50.0"] * 8)) == []
    assert reasons(with_classes("60.0", *["50.0"] * 8)) == ["printed miou 60.0 implies 140.0 for bump"]
    assert reasons(with_classes("40.0", *["50.0"] * 8)) == ["printed miou 40.0 implies -40.0 for bump"]


def test_two_classes_left_out_say_nothing():
    assert reasons(with_classes("10.0", *["50.0"] * 7)) == []


def test_a_row_of_unknown_protocol_is_held_to_the_class_list_that_it_prints():
    names = ("building", "glass", "car", "road", "vegetation", "sky", "pedestrian", "bicycle")
    per_class = {name: {"iou": Decimal("80.0")} for name in names}
    assert reasons(published("zju_rgbp", metrics={"miou": Decimal("80.0")}, per_class=per_class)) == []
    [reason] = reasons(published("zju_rgbp", metrics={"miou": Decimal("82.0")}, per_class=per_class))
    assert "mean of the printed classes 80.00" in reason


def test_boxes_of_ignored_classes_are_in_no_mean():
    per_class = {name: {"ap50": Decimal("80.0")} for name in ("car", "truck", "bus", "van", "freight_car")}
    assert reasons(published("drone_vehicle", metrics={"ap50": Decimal("80.0")}, per_class=per_class)) == []


def test_a_mean_over_datasets_is_that_of_its_parts():
    parts = {f"dataset={name}": {"miou": Decimal(value)} for name, value in (("one", "50.00"), ("two", "60.00"))}
    assert reasons(published("segrgbx_five", metrics={"miou": Decimal("55.00")}, subsets=parts)) == []
    [reason] = reasons(published("segrgbx_five", metrics={"miou": Decimal("55.02")}, subsets=parts))
    assert reason == "printed miou 55.02, mean of the printed datasets 55.00"


def test_a_sum_over_tasks_may_be_off_by_the_rounding_of_each():
    errors = {"location": "location_mae", "aerial_counting": "count_mae", "pedestrian_counting": "count_mae"}
    parts = {f"task={task}": {metric: Decimal("1.10")} for task, metric in errors.items()}
    # Half a hundredth for each of the three and for the sum.
    assert reasons(published("irtd", metrics={"nsum": Decimal("3.32")}, subsets=parts)) == []
    assert reasons(published("irtd", metrics={"nsum": Decimal("3.33")}, subsets=parts)) == [
        "printed nsum 3.33, sum of the printed tasks 3.30"
    ]
    del parts["task=location"]
    assert reasons(published("irtd", metrics={"nsum": Decimal("3.33")}, subsets=parts)) == []


@pytest.mark.parametrize(
    ("low", "high"), [("ap", "ap50"), ("ap75", "ap50"), ("miou", "macc"), ("f_mean", "f_max"), ("e_mean", "e_max")]
)
def test_what_cannot_be_larger_is_not(low, high):
    assert reasons(published(metrics={low: Decimal("0.5"), high: Decimal("0.5")})) == []
    assert reasons(published(metrics={low: Decimal("0.6"), high: Decimal("0.5")})) == [f"{low} 0.6 above {high} 0.5"]


def test_rows_of_two_methods_with_the_same_class_numbers_are_a_copy():
    first = with_classes("51.0", *["50.0"] * 8, "59.0")
    second = first.model_copy(update={"method": "othernet", "metrics": {"miou": Decimal("51.1")}})
    assert reasons(first, second) == ["9 numbers of othernet are those of madeupnet"]
    [found] = find_inconsistencies([first, second.model_copy(update={"flag": "copied"})])
    assert found.flagged


def test_a_method_quoted_with_two_numbers_disagrees_unless_one_is_the_other_rounded():
    first = published(metrics={"miou": Decimal("50.00")})
    assert reasons(first, first.model_copy(update={"metrics": {"miou": Decimal("50.04")}})) == [
        "miou is printed as 50.00 and 50.04"
    ]
    assert reasons(first, first.model_copy(update={"metrics": {"miou": Decimal("50.0")}})) == []
    assert reasons(first, first.model_copy(update={"metrics": {"miou": Decimal("60.0")}, "variant": "large"})) == []


def test_rows_without_contradiction_give_nothing():
    assert find_inconsistencies([]) == []
