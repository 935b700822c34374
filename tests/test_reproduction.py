"""A published row that is true, made from what a small MFNet scores on the embedded scenes, and rows that are not."""

from __future__ import annotations

from decimal import Decimal

import pytest
import torch

from rgbtbench.cards.inference import Inference
from rgbtbench.cards.recipe import load_recipe
from rgbtbench.cli import main
from rgbtbench.datasets.registry import dataset
from rgbtbench.errors import UnknownNameError, UserError
from rgbtbench.leaderboard.published import FACTS
from rgbtbench.reproduction import Comparison, published_row, reproduce
from rgbtbench.scoring.resolve import protocols_of
from rgbtbench.shards.build import prepare_dataset
from rgbtbench.shards.manifest import read_manifest
from rgbtbench.subject import Subject
from rgbtbench.training.run import train


@pytest.mark.parametrize(
    ("published", "computed", "agrees"),
    [
        ("54.1", 54.14, True), ("54.1", 54.15, True), ("54.1", 54.05, True), ("54.1", 54.16, False),
        ("0.8924", 0.89236, True), ("0.8924", 0.89252, False), ("54", 54.49, True), ("54.10", 54.14, False),
        ("54.1", None, False),
    ],
)  # fmt: skip
def test_a_number_agrees_within_half_of_its_last_printed_digit(published, computed, agrees):
    assert Comparison("miou", Decimal(published), computed).agrees is agrees


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Prepared scenes, and a run on them."""
    torch.set_num_threads(1)
    work = tmp_path_factory.mktemp("reproduction")
    source, raw = dataset("synthetic"), work / "raw"
    raw.mkdir()
    source.fake(raw, source.layouts[0], {"train": 4, "test": 3}, 1)
    prepare_dataset("synthetic", raw, work / "shards", workers=1, allow_differences=True)
    return work / "shards", train(load_recipe("mfnet/smoke"), work / "shards", work / "run").folder


@pytest.fixture(scope="module")
def protocol(trained):
    return next(name for name in protocols_of(read_manifest(trained[0])) if name.endswith("/miou"))


@pytest.fixture(scope="module")
def scored(trained, protocol):
    shards, run = trained
    return Subject(run).evaluate(shards, protocol).record


def write_table(folder, protocol, **changes):
    """Write a table of one row that prints one number, and the facts of `changes`."""
    facts = dict.fromkeys(FACTS, "") | {
        "method": "MFNet", "inputs": "rgb+lwir", "protocol": protocol, "protocol_version": "1", "source": "a paper",
    }  # fmt: skip
    cells = facts | changes
    (folder / "synthetic.csv").write_text(",".join(cells) + "\n" + ",".join(cells.values()) + "\n")
    return folder


def test_a_row_that_prints_what_the_weights_score_is_reproduced(trained, protocol, scored, tmp_path):
    shards, run = trained
    label, figures = next((name, values) for name, values in scored.per_class.items() if values.get("iou") is not None)
    numbers = {"miou": f"{scored.metrics['miou']:.1f}", f"iou:{label}": f"{figures['iou']:.2f}"}
    tables = write_table(tmp_path, protocol, **numbers)
    found = reproduce("synthetic.csv:2", Subject(run), shards, tables=tables)
    assert found.agrees
    assert [(one.name, str(one.published)) for one in found.comparisons] == list(numbers.items())
    assert found.comparisons[0].computed == scored.metrics["miou"]


def test_a_row_that_prints_something_else_is_not(trained, protocol, scored, tmp_path):
    shards, run = trained
    tables = write_table(tmp_path, protocol, miou=f"{scored.metrics['miou'] + 0.2:.1f}", macc="1.0")
    found = reproduce("synthetic:2", Subject(run), shards, tables=tables)
    assert not found.agrees
    assert not found.comparisons[0].agrees


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"protocol": "unknown", "protocol_version": ""}, "nobody can tell how its numbers were computed"),
        ({"method": "RTFNet"}, r"is of RTFNet, and the weights are of mfnet"),
        ({"test_time_augmentation": "scales 0.75 and 1"}, r"'scales 0.75 and 1', and here it is 'none'.*--scales"),
    ],
)
def test_a_row_that_the_weights_cannot_stand_for_is_refused(trained, protocol, tmp_path, changes, message):
    shards, run = trained
    tables = write_table(tmp_path, **{"protocol": protocol} | changes, miou="50.0")
    with pytest.raises(UserError, match=message):
        reproduce("synthetic.csv:2", Subject(run), shards, tables=tables)


def test_views_that_the_row_was_not_computed_with_are_refused(trained, protocol, tmp_path):
    shards, run = trained
    tables = write_table(tmp_path, protocol, miou="50.0")
    with pytest.raises(UserError, match="leave --scales, --flip and --window out"):
        reproduce("synthetic.csv:2", Subject(run, inference=Inference(flip=True)), shards, tables=tables)


def test_rows_that_there_are_not_are_answered_with_those_that_there_are():
    assert published_row("mfnet:2").file == "mfnet.csv"
    with pytest.raises(UnknownNameError, match=r"no published row 'mfnet:9999'.*rows mfnet\.csv:2 to mfnet\.csv:"):
        published_row("mfnet:9999")
    with pytest.raises(UnknownNameError, match=r"did you mean mfnet\.csv"):
        published_row("mfnt.csv:2")


def test_the_command_says_so_and_ends_with_1_where_a_number_differs(trained, monkeypatch, capsys):
    """The row of the shipped table is of another dataset, which is said before anything is predicted."""
    shards, run = trained
    command = ["rgbtbench", "reproduce", "mfnet:2", "--weights", str(run), "--data", str(shards)]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "and the weights are of mfnet" in capsys.readouterr().err
