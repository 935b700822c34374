"""The tables that ship: every number has a source, a known protocol or none, and admits what does not fit."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from rgbtbench.cards import catalog
from rgbtbench.leaderboard.checks import check_tables
from rgbtbench.leaderboard.listed_names import names
from rgbtbench.leaderboard.make_rows import row_of_published
from rgbtbench.leaderboard.published import UNKNOWN, PublishedRow, read_published
from rgbtbench.resources import data_root

FOLDER = data_root() / "leaderboards" / "published"
ROWS = read_published(FOLDER)


def find(dataset: str, method: str, variant: str | None, **facts: object) -> PublishedRow:
    [row] = [
        row
        for row in ROWS
        if (row.dataset, row.method, row.variant) == (dataset, method, variant)
        and all(getattr(row, name) == value for name, value in facts.items())
    ]
    return row


def test_nothing_in_them_contradicts_without_a_flag_and_every_name_is_listed():
    assert [check for check in check_tables(FOLDER) if not check.flagged] == []


def test_every_row_says_where_its_number_stands():
    assert [row for row in ROWS if not row.where] == []


def test_a_row_stands_under_a_protocol_only_with_its_class_numbers_or_a_note_why():
    for row in ROWS:
        if row.protocol != UNKNOWN:
            assert row.per_class or row.note, row


def test_a_known_protocol_never_holds_a_copied_or_third_hand_number():
    for row in ROWS:
        if row.flag and row.flag.startswith("copy of"):
            assert row.protocol == UNKNOWN, row


def test_no_row_stands_twice():
    numbers = Counter(
        (row.dataset, row.method, row.variant, row.inputs, row.protocol, row.source, row.where, row.condition,
         row.test_time_augmentation)
        for row in ROWS
    )  # fmt: skip
    assert [facts for facts, count in numbers.items() if count > 1] == []


def test_names_are_told_apart_by_their_slugs():
    slugs = list(names().methods.values())
    assert len(set(slugs)) == len(slugs)
    assert set(names().methods) >= {row.method for row in ROWS}
    for slug in set(slugs) & set(catalog.method_names()):
        assert names().methods[catalog.method_card(slug).title] == slug


def test_every_listed_name_is_used():
    assert set(names().datasets) == {row.dataset for row in ROWS} - set(catalog.dataset_names())


def test_mfnet_numbers_are_those_of_the_papers():
    rtfnet = find("mfnet", "RTFNet", "ResNet-152")
    assert (rtfnet.metrics["miou"], rtfnet.metrics["macc"]) == (Decimal("53.2"), Decimal("63.1"))
    cmx = find("mfnet", "CMX", "MiT-B4")
    parts = [cmx.subsets[f"time_of_day={part}"]["miou"] for part in ("day", "night")]
    assert parts == [Decimal("52.5"), Decimal("59.4")]
    assert cmx.selection == "test"


def test_a_class_that_mfnet_rows_leave_out_has_a_plausible_value():
    classes = [entry.name for entry in catalog.dataset_card("mfnet").label_sets["semantic"].classes]
    for row in [row for row in ROWS if row.protocol == "mfnet/miou-9"]:
        printed = [row.per_class[name]["iou"] for name in classes if name in row.per_class]
        if len(printed) == 8:
            implied = 9 * row.metrics["miou"] - sum(printed)
            low, high = (95, 100) if "unlabeled" not in row.per_class else (Decimal("-0.1"), 25)
            assert low <= implied <= high, row


@pytest.mark.parametrize(
    ("dataset", "method", "variant", "part"),
    [
        ("fmb", "SARTM", "SAM2 Hiera-B+", "copied from SegMiF"),
        ("fmb", "MMSFormer", None, "wrong column heads"),
        ("pst900", "MRFS", None, "copy of MMSFormer"),
        ("pst900", "GMNet", "ResNet-50", "other column heads"),
        ("mfnet", "HAPNet", None, "IoU of unlabeled"),
        ("rasmd", "SpectraDINO", "B, ViTDet head", "contradicts 43.2"),
        ("fmb", "SpectraDINO", "B, after stage 2", "mIoU equals mAcc"),
    ],
)
def test_what_the_sources_are_known_to_have_wrong_is_flagged(dataset, method, variant, part):
    [flag] = [
        row.flag
        for row in ROWS
        if (row.dataset, row.method, row.variant) == (dataset, method, variant) and row.flag and part in row.flag
    ]
    assert flag


def test_weights_that_saw_test_images_mark_the_row():
    marks = {(row.method, row.variant): row_of_published(row).marks for row in ROWS if row.dataset == "llvip"}
    assert "contaminated" in marks["SpectraDINO", "L"]
    assert "maybe-contaminated" in marks["M-SpecGene", "ViT-B"]
    assert marks["CrossFormer", None] == ()


def test_numbers_of_one_paper_agree_between_its_tables():
    five = {row.variant: row for row in ROWS if row.dataset == "segrgbx_five" and row.method == "SegRGB-X"}
    one = five["one model for five datasets"].subsets
    for dataset in ("deliver", "mfnet", "nyudepthv2", "zju_rgbp", "urbanlf"):
        row = find(dataset, "SegRGB-X", "one model for five datasets")
        assert row.metrics["miou"] == one[f"dataset={dataset}"]["miou"]
