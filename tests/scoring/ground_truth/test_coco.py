"""An instances file and a results file score what pycocotools says of them; every fault of either is named."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import rgbtbench
from rgbtbench.cli.app import app
from rgbtbench.errors import InputFileError, LabelError, PredictionError, UserError
from tests.scoring.average_precision.box_sets import GOLDEN, needs_golden, random_set
from tests.scoring.average_precision.reference_coco import NAMES, coco_sets, evaluate

PROTOCOL = "generic/coco-ap"


def random_files(seed=3, **options):
    truth, found, image_ids, class_ids = random_set(seed, **options)
    return coco_sets(truth, found, image_ids=image_ids.tolist(), class_ids=class_ids)


def write(folder, dataset, results):
    paths = folder / "instances.json", folder / "results.json"
    for path, content in zip(paths, (dataset, results), strict=True):
        path.write_text(json.dumps(content))
    return paths


def scored(folder, dataset, results):
    truth, predictions = write(folder, dataset, results)
    return rgbtbench.score(PROTOCOL, predictions, ground_truth=truth)


def expected(dataset, results):
    stats = evaluate(dataset, results).stats
    return {name: None if value == -1 else 100 * value for name, value in zip(NAMES, stats, strict=True)}


@pytest.mark.parametrize("seed", range(3))
def test_the_numbers_are_those_of_pycocotools(tmp_path, seed):
    dataset, results = random_files(seed)
    result = scored(tmp_path, dataset, results)
    assert result.metrics == expected(dataset, results)
    assert result.images == 40
    assert list(result.per_class) == ["class 1", "class 2", "class 3"]
    assert set(result.intervals) <= set(NAMES)


def test_shuffled_rows_score_the_same(tmp_path):
    dataset, results = random_files()
    first = scored(tmp_path, dataset, results)
    rng = np.random.default_rng(0)
    for part in (results, dataset["annotations"], dataset["images"], dataset["categories"]):
        rng.shuffle(part)
    again = scored(tmp_path, dataset, results)
    assert again.metrics == first.metrics
    assert again.intervals == first.intervals
    assert again.predictions_sha256 == first.predictions_sha256


@needs_golden
def test_the_command_prints_what_coco_published(tmp_path):
    arguments = [
        *("score", PROTOCOL, str(GOLDEN / "instances_val2014_fakebbox100_results.json")),
        *("--ground-truth", str(GOLDEN / "instances_val2014_100.json"), "--json"),
    ]
    printed = json.loads(CliRunner().invoke(app, arguments, catch_exceptions=False).stdout)
    line = (GOLDEN / "expected.txt").read_text().splitlines()[0]
    published = [100 * float(value) for value in line[line.index("[") + 1 : line.index("]")].split(",")]
    assert [printed["metrics"][name] for name in NAMES] == pytest.approx(published, abs=1e-7)
    assert printed["intervals"]["ap"]["low"] < printed["metrics"]["ap"] < printed["intervals"]["ap"]["high"]
    assert printed["per_class"]["person"]["ap"] > 0
    assert set(printed["curves"]) == {"precision_recall_50", "precision_recall_75"}


def test_the_area_is_that_of_the_annotation_and_without_one_that_of_the_box(tmp_path):
    dataset, results = random_files()
    for annotation in dataset["annotations"]:
        annotation["area"] = 900.0
    result = scored(tmp_path, dataset, results)
    assert result.metrics == expected(dataset, results)
    assert result.metrics["ap_large"] is None
    for annotation in dataset["annotations"]:
        del annotation["area"]
    without = scored(tmp_path, dataset, results)
    assert without.metrics["ap_large"] is not None
    assert any("no area" in note for note in without.notes)


def test_iscrowd_hides_detections_and_ignore_alone_does_not(tmp_path):
    dataset, results = random_files(crowd=0.0)
    plain = scored(tmp_path, dataset, results)
    for annotation in dataset["annotations"][::5]:
        annotation["ignore"] = 1
    ignored = scored(tmp_path, dataset, results)
    assert ignored.metrics == plain.metrics == expected(dataset, results)
    assert any("marked ignore" in note for note in ignored.notes)
    for annotation in dataset["annotations"][::5]:
        annotation["iscrowd"] = 1
    crowds = scored(tmp_path, dataset, results)
    assert crowds.metrics == expected(dataset, results)
    assert crowds.metrics != plain.metrics
    assert not crowds.notes


def test_ids_from_zero_are_no_trap(tmp_path):
    # In pycocotools the annotation with the id 0 can never be found.
    dataset, results = random_files()
    reference = expected(dataset, results)
    for annotation in dataset["annotations"]:
        annotation["id"] -= 1
    for part, key in ((dataset["images"], "id"), (dataset["annotations"], "image_id"), (results, "image_id")):
        for item in part:
            item[key] -= 1
    for part, key in (
        (dataset["categories"], "id"), (dataset["annotations"], "category_id"), (results, "category_id"),
    ):  # fmt: skip
        for item in part:
            item[key] -= 1
    assert scored(tmp_path, dataset, results).metrics == reference


def test_a_class_with_the_id_that_means_ignore_elsewhere_is_a_class(tmp_path):
    dataset, results = random_files(classes=1)
    reference = expected(dataset, results)
    for part, key in (
        (dataset["categories"], "id"), (dataset["annotations"], "category_id"), (results, "category_id"),
    ):  # fmt: skip
        for item in part:
            item[key] = 255
    assert scored(tmp_path, dataset, results).metrics == reference


def test_images_and_categories_need_no_names(tmp_path):
    dataset, results = random_files()
    reference = expected(dataset, results)
    for category in dataset["categories"]:
        del category["name"]
    result = scored(tmp_path, dataset, results)
    assert result.metrics == reference
    assert list(result.per_class) == ["1", "2", "3"]


def test_no_detections_at_all_are_an_answer(tmp_path):
    dataset, _ = random_files()
    assert scored(tmp_path, dataset, []).metrics["ap"] == 0.0


def test_no_annotations_at_all_leave_nothing_to_score(tmp_path):
    dataset, results = random_files()
    result = scored(tmp_path, {**dataset, "annotations": []}, results)
    assert set(result.metrics.values()) == {None}


@pytest.mark.parametrize(
    ("part", "change", "said"),
    [
        ("annotations", {"image_id": 999}, "belongs to no image"),
        ("annotations", {"bbox": [1, 2, -3, 4]}, "has the bbox"),
        ("annotations", {"bbox": [1, 2, 3]}, "has the bbox"),
        ("annotations", {"bbox": [1, 2, 3, "4"]}, "has the bbox"),
        ("annotations", {"area": -1}, "has the area -1"),
        ("annotations", {"id": 2}, "two annotations have the id 2"),
        ("images", {"id": "one"}, "whole number"),
        ("images", {"id": 2}, "two entries of `images` have the id 2"),
        ("categories", {"id": 2}, "two entries of `categories` have the id 2"),
    ],
)
def test_a_fault_of_the_labels_is_named(tmp_path, part, change, said):
    dataset, results = random_files()
    dataset[part][0].update(change)
    with pytest.raises(InputFileError, match=said):
        scored(tmp_path, dataset, results)


def test_an_annotation_of_an_unknown_category_is_named(tmp_path):
    dataset, results = random_files()
    dataset["annotations"][4]["category_id"] = 77
    with pytest.raises(LabelError, match="annotation 5 has category 77"):
        scored(tmp_path, dataset, results)


@pytest.mark.parametrize("part", ["images", "annotations", "categories"])
def test_a_part_that_is_missing_is_named(tmp_path, part):
    dataset, results = random_files()
    del dataset[part]
    with pytest.raises(InputFileError, match=f"`{part}`"):
        scored(tmp_path, dataset, results)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"image_id": 999}, "999 is no image"),
        ({"category_id": 77}, "77 is no category_id"),
        ({"score": float("nan")}, "no finite score"),
        ({"bbox": [1, 2, 0, 4]}, "without area"),
    ],
)
def test_a_fault_of_the_results_is_named(tmp_path, change, said):
    dataset, results = random_files()
    results[7].update(change)
    with pytest.raises(PredictionError, match=f"row 7: .*{said}"):
        scored(tmp_path, dataset, results)


def test_a_folder_or_a_missing_file_is_no_instances_file(tmp_path):
    dataset, results = random_files()
    _, predictions = write(tmp_path, dataset, results)
    with pytest.raises(UserError, match="is a folder"):
        rgbtbench.score(PROTOCOL, predictions, ground_truth=tmp_path)
    with pytest.raises(InputFileError, match="nothing"):
        rgbtbench.score(PROTOCOL, predictions, ground_truth=tmp_path / "nothing.json")
