"""Reading published tables: digits are kept, and a slip is named by file and line."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from rgbtbench.errors import RecordError
from rgbtbench.leaderboard.published import FACTS, OPTIONAL_FACTS, read_published, read_table
from rgbtbench.resources import data_root

HEADER = (
    "method,variant,inputs,protocol,protocol_version,source,where,training_data,selection,note,flag,"
    "miou,iou:car,miou@time_of_day=day"
)
ROW = "madeupnet,B2,rgb+lwir,mfnet/miou-9,1,a made-up paper,Table 1,,test,,,57.80,88.1,51.3"


def table(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "mfnet.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_numbers_keep_the_digits_of_their_source(tmp_path):
    [row] = read_table(table(tmp_path, HEADER, ROW))
    assert str(row.metrics["miou"]) == "57.80"
    assert row.per_class == {"car": {"iou": Decimal("88.1")}}
    assert row.subsets == {"time_of_day=day": {"miou": Decimal("51.3")}}
    assert (row.inputs, row.file, row.line) == (("rgb", "lwir"), "mfnet.csv", 2)


def test_columns_that_a_table_may_leave_out_have_their_plain_meaning(tmp_path):
    [plain] = read_table(table(tmp_path, HEADER, ROW))
    assert (plain.condition, plain.test_time_augmentation, plain.ablation, plain.pretraining) == (
        "none",
        "none",
        None,
        (),
    )
    [row] = read_table(
        table(
            tmp_path,
            HEADER + ",condition,test_time_augmentation,ablation,pretraining",
            ROW + ",thermal missing,flip,fusion,ImageNet-1K; IR-500K",
        )
    )
    assert (row.condition, row.test_time_augmentation, row.ablation) == ("thermal missing", "flip", "fusion")
    assert row.pretraining == ("ImageNet-1K", "IR-500K")


def test_the_page_describes_every_column_of_facts():
    text = (data_root() / "leaderboards" / "README.md").read_text(encoding="utf-8")
    described = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", text, flags=re.MULTILINE)))
    assert set(described) == {*FACTS, *OPTIONAL_FACTS}


def test_a_table_saved_by_a_spreadsheet_program_with_a_byte_order_mark_is_read(tmp_path):
    path = table(tmp_path, HEADER, ROW)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_table(path)) == 1


@pytest.mark.parametrize(
    ("header", "row", "line", "message"),
    [
        (HEADER.replace("miou,", "mioo,", 1), ROW, 1, "did you mean miou"),
        (HEADER.replace("source", "sauce"), ROW, 1, "no column 'source'"),
        (HEADER.replace("iou:car", "miou"), ROW, 1, "occurs twice"),
        (HEADER, ROW + ",1", 2, "15 cells; expected 14"),
        (HEADER, ROW.replace("57.80", "578"), 2, "expected a number from 0 to 100"),
        (HEADER, ROW.replace("57.80", "nan"), 2, "expected a number"),
        (HEADER, ROW.replace("57.80", "57,8"), 2, "cells"),
        (HEADER, ROW.replace(",1,a made-up", ",,a made-up"), 2, "`protocol` and `protocol_version` disagree"),
        (HEADER, ROW.replace("rgb+lwir", "rgb+thermal"), 2, "inputs.1"),
        (HEADER, ROW.replace(",test,", ",best,"), 2, "selection"),
        (HEADER, ROW.replace("57.80,88.1,51.3", ",88.1,"), 2, "holds no number"),
        (HEADER, ROW.replace("B2", '"B2'), 2, "not CSV"),
    ],
)
def test_a_slip_is_named_by_file_and_line(tmp_path, header, row, line, message):
    path = table(tmp_path, header, row)
    with pytest.raises(RecordError) as caught:
        read_table(path)
    assert message in str(caught.value)
    assert caught.value.path == str(path)
    assert caught.value.line in (line, None if "not CSV" in message else line)


def test_text_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / "mfnet.csv"
    path.write_bytes(b"m\xe9thod")
    with pytest.raises(RecordError, match="not UTF-8"):
        read_table(path)


def test_an_absent_folder_has_no_tables(tmp_path):
    assert read_published(tmp_path / "nowhere") == []
