"""The tables that ship: every number has a source, a known protocol or none, and admits what does not fit."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from rgbtbench.cards import catalog
from rgbtbench.leaderboard.checks import check_tables
from rgbtbench.leaderboard.listed_names import methods_of, names, results_of
from rgbtbench.leaderboard.make_rows import row_of_published
from rgbtbench.leaderboard.published import UNKNOWN, PublishedRow, read_published
from rgbtbench.resources import data_root

FOLDER = data_root() / "leaderboards" / "published"
ROWS = read_published(FOLDER)
SHARED = Path(__file__).parents[3] / "shared"


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


@pytest.mark.parametrize(
    ("method", "datasets"),
    [
        ("m_specgene_detection", {"flir_aligned", "kaist", "llvip"}),
        ("m_specgene_segmentation", {"fmb", "mvseg", "semanticrt"}),
        ("m_specgene_saliency", {"vi_rgbt1500", "vt1000", "vt5000", "vt821"}),
    ],
)
def test_results_of_a_pre_training_are_those_of_the_networks_for_their_tasks_too(method, datasets):
    found = results_of(method, ROWS)
    assert {row.dataset for row in found} == datasets
    assert {row.method for row in found} == {"M-SpecGene"}
    assert all("feature_matching" not in row.metrics for row in found)
    assert [row for row in found if row not in results_of("m_specgene", ROWS)] == []
    assert all(methods_of(row) == {"m_specgene", method} for row in found)


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


def read_csv(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


#: Column of the reference values to protocol and subset of the row that prints the same thing.
KAIST_SETTINGS = {
    "Reasonable-all": ("reasonable-all", None), "Reasonable-day": ("reasonable-all", "time_of_day=day"),
    "Reasonable-night": ("reasonable-all", "time_of_day=night"), "Scale=near": ("near", None),
    "Scale=medium": ("medium", None), "Scale=far": ("far", None),
}  # fmt: skip
#: Published detections to the method and variant that the tables call them.
KAIST_FILES = {
    "GAFF_result": ("GAFF", None), "IATDNN-IAMSS_result": ("IATDNN+IAMSS", "VGG16"),
    "MBNet_result": ("MBNet", "ResNet-50"), "MLPD_result": ("MLPD", "VGG16"),
    "MSDS-RCNN_result": ("MSDS-RCNN", "VGG16"),
}  # fmt: skip


def test_published_miss_rates_are_what_the_reference_tools_give_for_the_published_detections():
    checked = 0
    for reference in read_csv(SHARED / "golden/kaist/expected.csv"):
        script = "+mlpd" if reference["tool"] == "mlpd_script" else ""
        for column, (setting, subset) in KAIST_SETTINGS.items():
            for row in ROWS:
                named = (row.method, row.variant) == KAIST_FILES[reference["method"]]
                numbers = row.subsets.get(subset, {}) if subset else row.metrics
                if named and row.protocol == f"kaist/{setting}@improved{script}" and "miss_rate" in numbers:
                    printed = numbers["miss_rate"]
                    assert abs(printed - Decimal(reference[column])) <= Decimal("0.005"), (row, column)
                    checked += 1
    assert checked == 18


def test_irgpt_numbers_are_those_that_were_read_from_the_paper():
    tasks = {
        "Scene": "scene", "Rec": "recognition", "Gro": "grounding", "Rel": "relationship", "ReID": "reid",
        "Sec": "security", "Loc": "location", "AC": "aerial_counting", "PC": "pedestrian_counting",
    }  # fmt: skip
    results = [row for row in ROWS if row.dataset == "irtd" and row.ablation is None]
    printed = {
        (
            row.metrics["psum"],
            row.metrics["nsum"],
            *(number for task in tasks.values() for number in of_task(row, task)),
        )
        for row in results
    }
    read = read_csv(SHARED / "research/irgpt_csv/irgpt_main.csv")
    assert printed == {tuple(Decimal(line[name]) for name in ("psum", "nsum", *tasks)) for line in read}
    assert len(results) == len(read) == 16


def of_task(row: PublishedRow, task: str) -> list[Decimal]:
    return list(row.subsets[f"task={task}"].values())
