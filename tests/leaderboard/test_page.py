"""Many published rows on one page: grouped by dataset, results before ablations, unknown numbers by source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rgbtbench.leaderboard.make_rows import row_of_published
from rgbtbench.leaderboard.page import page
from rgbtbench.leaderboard.published import read_table
from rgbtbench.leaderboard.rank import leaderboard
from rgbtbench.leaderboard.rows import Row
from rgbtbench.leaderboard.terminal import MAX_LINES, terminal_tables

from .sample_rows import row

HEADER = (
    "method,variant,inputs,protocol,protocol_version,source,where,training_data,selection,condition,"
    "test_time_augmentation,ablation,note,flag,miou"
)


def published(tmp_path: Path, *lines: str, dataset: str = "mfnet") -> list[Row]:
    path = tmp_path / f"{dataset}.csv"
    path.write_text("\n".join([HEADER, *lines]), encoding="utf-8")
    return [row_of_published(entry) for entry in read_table(path)]


def line(method: str, miou: str, **facts: str) -> str:
    stated = {"inputs": "rgb+lwir", "protocol": "unknown,", "source": "a paper", "where": "Table 2"} | facts
    columns = (
        "variant", "inputs", "protocol", "source", "where", "training_data", "selection", "condition", "augmented",
        "ablation", "note", "flag",
    )  # fmt: skip
    return ",".join((method, *(stated.get(name, "") for name in columns), miou))


def known(method: str, miou: str, **facts: str) -> str:
    return line(method, miou, protocol="mfnet/miou-9,1", **facts)


@pytest.fixture
def rows(tmp_path: Path) -> list[Row]:
    return [
        row("measured", method="ownnet", miou=51.0),
        *published(
            tmp_path,
            known("firstnet", "58.0"),
            known("rgbnet", "57.0", inputs="rgb"),
            known("flaggednet", "56.0", flag="prints 56.0 here and 55.0 there"),
            known("firstnet", "59.0", ablation="loss"),
            known("flipnet", "55.0", augmented="flip"),
            line("farnet", "40.0", source="B paper", note="labels resized"),
            line("nearnet", "30.0", source="A paper"),
            line("midnet", "35.0", source="A paper"),
        ),
        *published(tmp_path, line("othernet", "61.0", condition="lwir missing"), dataset="fmb"),
    ]


def order(text: str, *words: str) -> list[str]:
    return sorted(words, key=lambda word: text.index(f">{word}<"))


def test_sections_of_a_dataset_stand_together_known_rules_first(rows):
    text = page(leaderboard(rows))
    titles = re.findall(r"<h[23] [^>]*>([^<]+?) ?<", text)
    assert titles == [
        "MFNet multi-spectral semantic segmentation dataset", "mfnet/miou-9", "unknown protocol",
        "FMB: a full-time multi-modality benchmark", "unknown protocol",
    ]  # fmt: skip


def test_unknown_numbers_are_folded_away_only_where_known_ones_stand_above(rows):
    text = page(leaderboard(rows))
    mfnet, fmb = text.split('<section id="dataset-')[1:]
    assert "Show the rows" in mfnet
    assert "Show the rows" not in fmb


def test_unknown_numbers_stand_by_source_with_the_reason_and_without_a_plot(rows):
    text = page(leaderboard(rows)).split('id="mfnet-protocol-unknown"')[1]
    assert order(text, "A paper", "midnet", "nearnet", "B paper", "farnet") == [
        "A paper", "midnet", "nearnet", "B paper", "farnet",
    ]  # fmt: skip
    assert "<summary>Table 2 · labels resized</summary>" in text
    assert 'class="plot' not in text


def test_ablations_stand_apart_and_claim_no_place(rows):
    [section] = [section for section in leaderboard(rows).sections if section.protocol == "mfnet/miou-9"]
    ranks = [(entry.first.method, entry.first.ablation, entry.rank) for entry in section.entries]
    assert ranks == [
        ("firstnet", None, 1), ("rgbnet", None, 2), ("flaggednet", None, 3), ("flipnet", None, 4),
        ("ownnet", None, None), ("firstnet", "loss", None),
    ]  # fmt: skip
    text = page(leaderboard(rows))
    results, studies = text.split("Ablation studies <")
    assert ">59.0<" not in results
    assert "loss: a paper, Table 2" in studies
    assert "<strong>58.0</strong>" in results


def test_what_a_source_contradicts_is_read_without_a_click(rows):
    text = page(leaderboard(rows))
    [summary] = re.findall(r"<summary>([^\n]*prints 56.0 here[^\n]*)</summary>", text)
    assert summary == 'a paper, Table 2 <span class="flag">prints 56.0 here and 55.0 there</span>'


def test_inputs_are_named_where_lines_differ_in_them_and_in_the_plot_too(rows):
    text = page(leaderboard(rows))
    assert re.findall(r'class="method">(\w+)</span> <span class="inputs">([^<]+)<', text) == [("rgbnet", "rgb")]
    labels = re.findall(r'<span class="label \w+">([^<]+)</span>', text)
    assert labels == ["firstnet", "rgbnet, rgb", "flaggednet", "flipnet, augmented", "ownnet RGB+T", "RGB+T"]


def test_altered_input_and_augmented_tests_are_marked(rows):
    text = page(leaderboard(rows))
    assert re.search(r"othernet \(lwir missing\).{0,400}altered input", text, re.DOTALL)
    assert re.search(r"flipnet.{0,400}augmented test", text, re.DOTALL)


def test_a_terminal_shows_what_is_ranked_and_not_more_than_fits(tmp_path):
    rows = published(tmp_path, *(known(f"net{number}", str(90 - number)) for number in range(MAX_LINES + 5)))
    rows += published(tmp_path, line("unknownnet", "61.0"), dataset="fmb")
    [(title, _, lines)] = terminal_tables(leaderboard(rows))
    assert title == f"mfnet/miou-9, the first {MAX_LINES} of {MAX_LINES + 5} rows"
    assert [cells[1] for cells in lines] == [f"net{number}" for number in range(MAX_LINES)]
