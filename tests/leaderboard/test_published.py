"""Published tables: what ships agrees with its own arithmetic, and a slip in a table is named by file and line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from rgbtbench.cards import catalog
from rgbtbench.errors import RecordError
from rgbtbench.leaderboard.published import PublishedRow, read_published, read_table
from rgbtbench.resources import data_root

HEADER = (
    "method,variant,inputs,protocol,protocol_version,source,where,training_data,selection,note,flag,"
    "miou,iou:car,miou@time_of_day=day"
)
ROW = "madeupnet,B2,rgb+lwir,mfnet/miou-9,1,a made-up paper,Table 1,,test,,,57.80,88.1,51.3"


@pytest.fixture(scope="module")
def shipped() -> list[PublishedRow]:
    return read_published(data_root() / "leaderboards" / "published")


def table(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "mfnet.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def find(rows: list[PublishedRow], method: str, variant: str) -> PublishedRow:
    [row] = [row for row in rows if (row.method, row.variant, row.dataset) == (method, variant, "mfnet")]
    return row


def test_the_shipped_tables_hold_the_numbers_of_their_papers(shipped):
    rtfnet = find(shipped, "RTFNet", "ResNet-152")
    assert (rtfnet.metrics["miou"], rtfnet.metrics["macc"]) == (Decimal("53.2"), Decimal("63.1"))
    cmx = find(shipped, "CMX", "MiT-B4")
    assert [cmx.subsets[f"time_of_day={part}"]["miou"] for part in ("day", "night")] == [
        Decimal("52.5"),
        Decimal("59.4"),
    ]
    assert cmx.selection == "test"
    assert {row.dataset for row in shipped} == {"llvip", "mfnet"}


def test_every_stated_protocol_exists_in_the_stated_version(shipped):
    stated = {(row.protocol, row.protocol_version) for row in shipped if row.protocol != "unknown"}
    assert stated == {("mfnet/miou-9", 1)}
    assert all(catalog.protocol(name).version == version for name, version in stated)


def test_classes_and_subsets_are_those_of_the_card(shipped):
    card = catalog.dataset_card("mfnet")
    classes = {entry.name for entry in card.label_sets["semantic"].classes}
    for row in shipped:
        assert set(row.per_class) <= classes
        for subset in row.subsets:
            attribute, value = subset.split("=")
            assert value in card.attributes[attribute].values


def test_a_row_stands_under_the_nine_class_mean_only_where_arithmetic_or_code_supports_it(shipped):
    classes = [entry.name for entry in catalog.dataset_card("mfnet").label_sets["semantic"].classes]
    for row in shipped:
        if row.protocol != "mfnet/miou-9":
            continue
        printed = [row.per_class[name]["iou"] for name in classes if name in row.per_class]
        if len(printed) == 9:
            assert abs(sum(printed) / 9 - row.metrics["miou"]) <= Decimal("0.1") or row.flag, row
        elif len(printed) == 8:
            implied = 9 * row.metrics["miou"] - sum(printed)
            low, high = (95, 100) if "unlabeled" not in row.per_class else (Decimal("-0.1"), 25)
            assert low <= implied <= high, row
        else:
            assert not printed
            assert "released evaluation" in row.note


def test_numbers_keep_the_digits_of_their_source(tmp_path):
    [row] = read_table(table(tmp_path, HEADER, ROW))
    assert str(row.metrics["miou"]) == "57.80"
    assert row.per_class == {"car": {"iou": Decimal("88.1")}}
    assert row.subsets == {"time_of_day=day": {"miou": Decimal("51.3")}}
    assert (row.inputs, row.file, row.line) == (("rgb", "lwir"), "mfnet.csv", 2)


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
