"""Rows whose training data holds test images are marked, by facts that may become known after the record."""

from __future__ import annotations

import pytest

from rgbtbench.leaderboard.contamination import Evaluated, evaluated_by, find_contaminations
from rgbtbench.leaderboard.make_rows import row_of_published, row_of_record
from rgbtbench.leaderboard.page import page
from rgbtbench.leaderboard.published import read_table
from rgbtbench.leaderboard.rank import leaderboard
from rgbtbench.leaderboard.records import PretrainingData

from .sample_rows import record

MFNET = Evaluated("mfnet", "test", "official")
LLVIP = Evaluated("llvip", "test", "official")


def trained_on(*data, pretraining=()):
    made = record()
    seen = tuple(PretrainingData(name=name, holds_test_images="no") for name in pretraining)
    training = made.training.model_copy(update={"data": data, "pretraining": seen})
    return row_of_record(made.model_copy(update={"training": training}), "one")


def published(tmp_path, dataset, training_data, pretraining, protocol="unknown,"):
    path = tmp_path / f"{dataset}.csv"
    head = "method,variant,inputs,protocol,protocol_version,source,where,training_data,pretraining,selection,note,flag"
    path.write_text(f"{head},ap\nnet,,rgb+lwir,{protocol},a paper,,{training_data},{pretraining},,,,50.0\n")
    [entry] = read_table(path)
    return row_of_published(entry)


@pytest.mark.parametrize(
    ("seen", "evaluated", "established"),
    [
        (["msrs/train, 1083 pairs"], MFNET, {True}),
        (["MSRS"], MFNET, {True}),
        (["IR-500K"], LLVIP, {True}),
        (["ImageNet-1K, then IR-500K"], LLVIP, {True}),
        (["RGBT550K"], LLVIP, {False}),
        (["mfnet/train, 784 pairs"], MFNET, set()),
        (["mfnet/train+val, 1176 pairs"], Evaluated("msrs", "test", "official"), {True}),
        (["mfnet-excerpt20/train"], Evaluated("msrs", "test", "official"), {True}),
        (["mfnet/train+test"], MFNET, {True}),
        (["llvip/train, 12025 pairs"], LLVIP, set()),
        (["kp/train"], Evaluated("kaist", "test", "official"), set()),
        (["kp/test"], Evaluated("kaist", "test", "official"), {True}),
        (["ImageNet-1K", "COCO"], LLVIP, set()),
        (["IR-500K"], Evaluated(None), set()),
    ],
)
def test_what_is_known_against_a_row(seen, evaluated, established):
    assert {one.established for one in find_contaminations(seen, evaluated)} == established


def test_the_sentence_says_how_much_and_how_that_is_known():
    [found] = find_contaminations(["ir500k"], LLVIP)
    assert found.sentence.startswith(
        "IR-500K holds 3,463 of 3,463 images of llvip/test (same image; counted by id list"
    )


def test_a_record_is_marked_by_its_training_data_whatever_its_maker_said():
    row = trained_on("mfnet/train, 784 pairs", pretraining=["IR-500K"])
    assert row.marks == ("contaminated",)
    [sentence] = [value for label, value in row.facts if label == "contamination"]
    assert "370 of 393 images of mfnet/test (derived from" in sentence


def test_what_is_only_likely_is_another_mark():
    assert trained_on("mfnet/train", pretraining=["IR-TD"]).marks == ("maybe-contaminated",)
    assert trained_on("mfnet/train", pretraining=["IR-TD", "IR-500K"]).marks == ("contaminated",)
    assert trained_on("mfnet/train, 784 pairs").marks == ()


def test_a_published_row_is_marked_by_its_columns_even_under_an_unknown_protocol(tmp_path):
    row = published(tmp_path, "llvip", "llvip/train", "ImageNet-1K; IR-500K")
    assert row.marks == ("contaminated",)
    assert ("pre-training", "ImageNet-1K, IR-500K") in row.facts
    assert published(tmp_path, "llvip", "llvip/train", "").marks == ()


def test_a_protocol_says_what_it_evaluates_and_an_unknown_one_leaves_the_dataset():
    assert evaluated_by("mfnet/miou-9", None) == MFNET
    assert evaluated_by("unknown", "llvip") == Evaluated("llvip")


def test_a_marked_row_keeps_its_place_and_the_page_says_why():
    rows = []
    for seed in range(3):
        made = record(method="leakynet", miou=70.0 + seed, seed=seed, group="g")
        training = made.training.model_copy(update={"data": ("mfnet/train, 784 pairs", "msrs/train, 1083 pairs")})
        rows.append(row_of_record(made.model_copy(update={"training": training}), f"leakynet-{seed}"))
    board = leaderboard(rows)
    [entry] = board.sections[0].entries
    assert (entry.rank, entry.marks) == (1, ("contaminated",))
    text = page(board)
    assert '<span class="mark">contaminated</span>' in text
    assert "msrs/train holds 277 of 393 images of mfnet/test (derived from; counted by id list" in text
    assert "Training sets that hold images of this split" in text
