"""Ranking: only the very same rules compare, one checkpoint is no method, and warnings stay visible."""

from __future__ import annotations

from pathlib import Path

import pytest

from rgbtbench.cards import catalog
from rgbtbench.leaderboard.export import to_json
from rgbtbench.leaderboard.make_rows import row_of_published, row_of_record
from rgbtbench.leaderboard.published import read_table
from rgbtbench.leaderboard.rank import leaderboard
from rgbtbench.leaderboard.records import Subset
from rgbtbench.leaderboard.rows import MARKS, Row

from .sample_rows import KEYS, PROTOCOL, record, row

HEADER = "method,variant,inputs,protocol,protocol_version,source,where,training_data,selection,note,flag,miou"


def published(
    tmp_path: Path, *numbers: tuple[str, str], dataset: str = "mfnet", protocol: str = "mfnet/miou-9,1"
) -> list[Row]:
    path = tmp_path / f"{dataset}.csv"
    lines = [f"{method},,rgb+lwir,{protocol},a paper,,,,,,{miou}" for method, miou in numbers]
    path.write_text("\n".join([HEADER, *lines]), encoding="utf-8")
    return [row_of_published(entry) for entry in read_table(path)]


def three_seeds(method: str, *values: float, group: str = "g") -> list[Row]:
    return [
        row(f"{method}-{seed}", method=method, miou=value, seed=seed, group=group) for seed, value in enumerate(values)
    ]


def ranks(rows: list[Row]) -> dict[str, int | None]:
    [section] = leaderboard(rows).sections
    return {entry.first.method: entry.rank for entry in section.entries}


def test_rows_under_other_rules_of_the_same_name_never_share_a_section(tmp_path):
    rows = [row("new"), row("old", protocol_hash="d" * 64), *published(tmp_path, ("papernet", "55.0"))]
    sections = leaderboard(rows).sections
    assert [(section.state, len(section.entries)) for section in sections] == [("current", 2), ("outdated", 1)]
    assert sections[0].hash == catalog.protocol_hash(catalog.protocol(PROTOCOL))


def test_a_published_row_of_an_earlier_version_of_the_rules_stands_apart(tmp_path):
    rows = [row("new"), *published(tmp_path, ("papernet", "55.0"), protocol="mfnet/miou-9,7")]
    assert [section.state for section in leaderboard(rows).sections] == ["current", "outdated"]


def test_excerpts_are_their_own_protocol():
    rows = [row("full"), row("part", protocol="mfnet-excerpt20/miou-9")]
    assert [section.protocol for section in leaderboard(rows).sections] == ["mfnet-excerpt20/miou-9", "mfnet/miou-9"]


def test_data_of_an_unlisted_list_ranks_alone_and_its_rules_are_still_known():
    unlisted = catalog.unlisted_protocol(catalog.protocol(PROTOCOL), KEYS)
    other = row("mine", protocol=unlisted.id, protocol_hash=catalog.protocol_hash(unlisted))
    sections = {section.protocol: section for section in leaderboard([row("official"), other]).sections}
    assert sections[unlisted.id].rules == unlisted
    assert len(sections) == 2


def test_three_seeds_become_mean_and_sample_standard_deviation():
    [section] = leaderboard(three_seeds("seednet", 50.0, 52.0, 54.0)).sections
    [entry] = section.entries
    assert (entry.metrics["miou"].value, entry.metrics["miou"].spread) == (52.0, 2.0)
    assert (entry.subsets["time_of_day=night"]["miou"].value, entry.per_class["car"]["iou"].value) == (43.0, 72.0)
    assert (entry.standing, entry.rank) == ("mean of 3 seeds", 1)


def test_two_seeds_stay_checkpoints():
    [section] = leaderboard(three_seeds("seednet", 50.0, 52.0)).sections
    assert [(entry.standing, entry.rank) for entry in section.entries] == [("checkpoint", None)] * 2


def test_the_same_seed_run_twice_counts_once_by_its_newest_run():
    again = row("again", method="seednet", miou=57.0, seed=2, group="g", created="2026-02-02T00:00:00Z")
    [section] = leaderboard([again, *three_seeds("seednet", 50.0, 52.0, 54.0)]).sections
    [entry] = section.entries
    assert entry.metrics["miou"].value == 53.0


def test_runs_that_differ_in_more_than_the_seed_are_not_merged():
    rows = three_seeds("seednet", 50.0, 52.0, 54.0)
    rows[2] = row("other", method="seednet", variant="RGB", miou=54.0, seed=2, group="g")
    [section] = leaderboard(rows).sections
    assert len(section.entries) == 3


def test_a_single_checkpoint_is_listed_first_when_it_is_best_and_claims_no_place():
    rows = [row("one", method="luckynet", miou=70.0), *three_seeds("seednet", 50.0, 52.0, 54.0)]
    [section] = leaderboard(rows).sections
    assert [entry.first.method for entry in section.entries] == ["luckynet", "seednet"]
    assert ranks(rows) == {"luckynet": None, "seednet": 1}


def test_changed_input_claims_no_place():
    rows = [
        row(f"s{seed}", method="shufflednet", condition="missing:lwir/swap", miou=80.0, seed=seed, group="s")
        for seed in range(3)
    ]
    assert ranks([*rows, *three_seeds("seednet", 50.0, 52.0, 54.0)]) == {"shufflednet": None, "seednet": 1}


def test_ranks_count_within_a_kind_and_equal_numbers_share_a_place(tmp_path):
    rows = published(tmp_path, ("a", "60.0"), ("b", "58.2"), ("c", "58.24"), ("d", "50.0"))
    assert ranks([*rows, *three_seeds("seednet", 50.0, 52.0, 54.0)]) == {"a": 1, "b": 2, "c": 2, "seednet": 1, "d": 4}


def test_numbers_of_unknown_protocol_are_listed_by_dataset_and_never_ranked(tmp_path):
    rows = [
        *published(tmp_path, ("a", "60.0"), ("b", "50.0"), protocol="unknown,"),
        *published(tmp_path, ("c", "70.0"), dataset="llvip", protocol="unknown,"),
    ]
    sections = leaderboard(rows).sections
    assert [(section.dataset, section.state) for section in sections] == [("llvip", "unknown"), ("mfnet", "unknown")]
    assert all(entry.rank is None for section in sections for entry in section.entries)


def test_superseded_rows_are_set_apart():
    board = leaderboard([row("old", miou=90.0), row("new", miou=50.0, supersedes="old")])
    assert [entry.first.name for section in board.sections for entry in section.entries] == ["new"]
    assert [replaced.name for replaced in board.superseded] == ["old"]


@pytest.mark.parametrize(
    ("facts", "mark"),
    [
        ({"initial_weights": "random"}, "random-init"),
        ({"selection": "test"}, "selected-on-test"),
        ({"holds_test_images": "yes"}, "contaminated"),
        ({"condition": "missing:rgb/zero_norm"}, "altered-input"),
        ({"dirty": True}, "uncommitted-code"),
    ],
)
def test_what_a_fair_reader_must_know_is_marked(facts, mark):
    assert mark in MARKS
    [section] = leaderboard([row("one", **facts)]).sections
    assert section.entries[0].marks == (mark,)


def test_an_ordinary_row_has_no_mark():
    [section] = leaderboard([row("one", holds_test_images="no")]).sections
    assert section.entries[0].marks == ()


def test_one_contaminated_seed_marks_the_group():
    rows = three_seeds("seednet", 50.0, 52.0, 54.0)
    rows[1] = row_of_record(record(method="seednet", miou=52.0, seed=1, group="g", holds_test_images="yes"), "dirty")
    [section] = leaderboard(rows).sections
    assert section.entries[0].marks == ("contaminated",)


def test_sections_with_measured_rows_come_first_and_classes_and_subsets_follow_the_card(tmp_path):
    rows = [*published(tmp_path, ("a", "60.0"), protocol="unknown,"), row("one")]
    first, last = leaderboard(rows).sections
    assert (first.state, last.state) == ("current", "unknown")
    assert first.classes == ("car", "person")
    assert first.subsets == {"time_of_day": ("day", "night")}
    assert first.metrics == ("miou", "macc")


def test_the_order_of_the_input_does_not_matter(tmp_path):
    rows = [
        *published(tmp_path, ("a", "60.0"), ("b", "52.0")),
        *three_seeds("seednet", 50.0, 52.0, 54.0),
        row("tie-1", method="tienet", miou=52.0),
        row("tie-2", method="tienet", miou=52.0),
        row("old", protocol_hash="d" * 64),
    ]
    assert to_json(leaderboard(rows)) == to_json(leaderboard(reversed(rows)))
    assert to_json(leaderboard(rows)) == to_json(leaderboard(rows[3:] + rows[:3]))


def test_strata_follow_the_first_attribute_and_values_follow_the_card():
    made = record(protocol="synthetic/miou")
    part = made.subsets["time_of_day=day"]
    names = (
        "weather=wet",
        "weather=clear",
        "visibility=lwir_only",
        "visibility=both",
        "time_of_day=night",
        "time_of_day=day",
    )
    made = made.model_copy(update={"subsets": dict.fromkeys(names, part)})
    [section] = leaderboard([row_of_record(made, "one")]).sections
    assert list(section.subsets.items()) == [
        ("time_of_day", ("day", "night")),
        ("visibility", ("both", "lwir_only")),
        ("weather", ("clear", "wet")),
    ]


def test_a_subset_in_which_nothing_could_be_computed_is_no_subset():
    empty = Subset(images=0, metrics={"miou": None})
    made = record().model_copy(update={"subsets": {"time_of_day=night": empty}, "per_class": {"car": {"iou": None}}})
    [section] = leaderboard([row_of_record(made, "one")]).sections
    assert (section.subsets, section.classes) == ({}, ())
