"""Exports: every row once, numbers unchanged, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from rgbtbench.leaderboard.export import guarded, to_csv, to_json
from rgbtbench.leaderboard.rank import leaderboard

from .sample_rows import row


def lines(*rows):
    return list(csv.DictReader(io.StringIO(to_csv(leaderboard(rows)))))


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "-1+1", "=-1"])
def test_text_that_a_spreadsheet_would_run_is_made_harmless(text):
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-1.5", "+3", "12", "-0.25", "RGB+T", "a=b", "", "mIoU"])
def test_numbers_and_ordinary_text_stay_as_they_are(text):
    assert guarded(text) == text


def test_a_hostile_method_name_is_guarded_in_the_file():
    [line] = lines(row("one", method="=HYPERLINK(1)", variant="@x"))
    assert (line["method"], line["variant"]) == ("'=HYPERLINK(1)", "'@x")


def test_every_record_has_a_line_of_its_own_with_its_numbers_and_bounds():
    group = [row(f"s{seed}", miou=50.0 + seed, seed=seed, group="g") for seed in range(3)]
    found = {line["record"]: line for line in lines(*group, row("old", miou=1.0), row("new", supersedes="old"))}
    assert set(found) == {
        "records/s0.json",
        "records/s1.json",
        "records/s2.json",
        "records/old.json",
        "records/new.json",
    }
    second = found["records/s1.json"]
    assert [float(second[name]) for name in ("miou", "miou.low", "miou.high")] == [51.0, 49.0, 53.0]
    assert float(second["miou@time_of_day=night"]) == 42.0
    assert float(second["iou:car"]) == 71.0
    assert (second["rank"], second["standing"], second["seed"]) == ("1", "mean of 3 seeds", "1")
    assert found["records/old.json"]["standing"] == "superseded"


def test_an_undefined_metric_is_an_empty_cell_and_absent_from_the_json():
    board = leaderboard([row("one"), row("two", method="othernet")])
    [section] = to_json(board)["sections"]
    assert "f1" not in section["entries"][0]["metrics"]
    assert "f1" not in to_csv(board).splitlines()[0].split(",")


def test_the_json_says_format_rules_and_where_each_record_is():
    board = leaderboard([row("one"), row("old"), row("new", supersedes="old")])
    data = json.loads(json.dumps(to_json(board), allow_nan=False))
    assert (data["format"], data["version"]) == ("rgbtbench-leaderboard", 1)
    [section] = data["sections"]
    assert section["rules"]["rules"]["absent"] == "gt_present"
    assert {entry["rows"][0]["address"] for entry in section["entries"]} == {"records/one.json", "records/new.json"}
    assert section["entries"][0]["metrics"]["miou"] == {"value": 50.0, "low": 48.0, "high": 52.0}
    assert [replaced["name"] for replaced in data["superseded"]] == ["old"]


def test_ablations_are_told_from_results_in_both_files():
    study = replace(row("one"), ablation="fusion")
    [section] = to_json(leaderboard([study]))["sections"]
    assert (section["entries"][0]["ablation"], section["entries"][0]["rank"]) == ("fusion", None)
    assert [line["ablation"] for line in lines(study, row("two", method="othernet"))] == ["", "fusion"]
