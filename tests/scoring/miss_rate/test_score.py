"""`score` end to end: published files against KAIST's labels in files, and prepared data; every fault is named."""

import json
import zipfile

import numpy as np
import pytest
from typer.testing import CliRunner

import rgbtbench
from rgbtbench.cards import catalog, dataset_card
from rgbtbench.cli.app import app
from rgbtbench.datasets import dataset
from rgbtbench.errors import LabelError, PredictionError
from rgbtbench.formats.write_boxes import write_bbgt, write_kaist_xml
from rgbtbench.scoring.miss_rate.counts import REFERENCE_KEYS, MissRateCounts
from rgbtbench.scoring.statistics import from_arrays
from rgbtbench.scoring.summary import summarise
from rgbtbench.shards.build import prepare
from rgbtbench.shards.manifest import read_manifest
from rgbtbench.shards.plan import Options
from tests.formats.files import file_of, noise, put
from tests.scoring.miss_rate import reference_toolbox
from tests.scoring.miss_rate.golden import GOLDEN, labelled, needs_golden, table

JSON_LABELS, TEXT_LABELS = GOLDEN / "KAIST_annotation.json", GOLDEN / "improved_annotations_bbgt.zip"
IDS = {
    "Reasonable-all": "reasonable-all",
    "Reasonable-day": "reasonable-day",
    "Reasonable-night": "reasonable-night",
    "Scale=near": "near",
    "Scale=medium": "medium",
    "Scale=far": "far",
    "Occ=none": "occ-none",
    "Occ=partial": "occ-partial",
    "Occ=heavy": "occ-heavy",
}
#: Names of the settings in the tables of the two scripts, by their height and occlusion.
SCRIPT_IDS = {
    "Reasonable": "reasonable-all",
    "Reasonable_small": "reasonable-small",
    "Reasonable_occ=heavy": "reasonable-heavy",
    "Far": "far",
    "Medium": "medium",
    "Near": "near",
    "None": "occ-none",
    "Partial": "occ-partial",
    "Heavy": "occ-heavy",
}


def command(protocol, predictions, labels):
    done = CliRunner().invoke(app, ["score", protocol, str(predictions), "--ground-truth", str(labels), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@needs_golden
def test_the_command_prints_one_object_with_everything():
    found = command("kaist/reasonable-all@improved", GOLDEN / "results/MLPD_result.txt", JSON_LABELS)
    assert found["protocol"] == "kaist/reasonable-all@improved"
    assert list(found["metrics"]) == ["miss_rate", "recall", *REFERENCE_KEYS]
    assert f"{found['metrics']['miss_rate']:.4f}" == "7.5756"
    assert f"{found['metrics']['recall']:.2f}" == "96.70"
    assert (found["images"], found["clusters"]) == (2252, 16)
    assert found["per_class"] == {"person": {name: found["metrics"][name] for name in ("miss_rate", "recall")}}
    subsets = {name: f"{subset['metrics']['miss_rate']:.2f}" for name, subset in found["subsets"].items()}
    assert subsets == {
        "time_of_day=day": "7.95",
        "time_of_day=night": "6.95",
        "place=campus": "9.21",
        "place=road": "5.04",
        "place=downtown": "9.32",
    }
    assert set(found["intervals"]) == set(found["metrics"])
    low, high = found["intervals"]["miss_rate"].values()
    assert 4.5 < low < 7.5756 < high < 10.5
    curve = found["curves"]["miss_rate"]
    assert (curve["x_name"], curve["y_name"]) == ("fppi", "miss_rate")
    assert curve["y"] == sorted(curve["y"], reverse=True)


@needs_golden
@pytest.mark.parametrize("row", table("expected.csv"), ids=lambda row: f"{row['method']}-{row['tool']}")
def test_every_id_gives_its_number_in_any_order_of_rows(row, tmp_path):
    lines = (GOLDEN / "results" / f"{row['method']}.txt").read_text().splitlines()
    shuffled = tmp_path / "shuffled.txt"
    shuffled.write_text("\n".join(np.random.default_rng(0).permutation(lines)))
    tool = {"matlab_port": "", "mlpd_script": "+mlpd"}[row["tool"]]
    found = {
        setting: rgbtbench.score(f"kaist/{name}@improved{tool}", shuffled, ground_truth=JSON_LABELS)
        for setting, name in IDS.items()
        if row[setting]
    }
    assert {setting: f"{score.metrics['miss_rate']:.4f}" for setting, score in found.items()} == {
        setting: row[setting] for setting in found
    }
    assert f"{found['Reasonable-all'].metrics['recall']:.2f}" == row["recall_reasonable"]


@needs_golden
@pytest.mark.parametrize("script", ["mlpd", "msdetr"])
def test_every_setting_of_two_published_scripts_has_its_id(script):
    rows = [row for row in table(f"expected_{script}_script_settings.csv") if row["file"].startswith("IATDNN")]
    ids = {**SCRIPT_IDS, "All": {"mlpd": "all-h20", "msdetr": "all-h1"}[script]}
    for row in rows:
        found = rgbtbench.score(
            f"kaist/{ids[row['setting']]}@improved+mlpd", GOLDEN / "results" / row["file"], ground_truth=JSON_LABELS
        )
        parts = [found.metrics, found.subsets["time_of_day=day"].metrics, found.subsets["time_of_day=night"].metrics]
        assert [f"{part['miss_rate']:.4f}" for part in parts] == [row["all"], row["day"], row["night"]], row["setting"]


@needs_golden
def test_texts_and_json_of_labels_and_of_results_give_one_number():
    found = [
        rgbtbench.score("kaist/occ-none@improved+mlpd", GOLDEN / "results" / name, ground_truth=labels)
        for name in ("MLPD_result.txt", "MLPD_result.json")
        for labels in (JSON_LABELS, TEXT_LABELS)
    ]
    assert {f"{score.metrics['miss_rate']:.4f}" for score in found} == {"24.1504"}
    assert found[0].metrics == found[1].metrics
    assert found[2].metrics == found[3].metrics
    assert found[0].subsets == found[1].subsets


@needs_golden
def test_one_file_per_frame_is_read_as_the_toolbox_s_wrapper_reads_it():
    """Corners from 0 become x, y, width and height from 1, with four decimals; then the plain loop takes over."""
    truth = labelled()
    settings = [
        reference_toolbox.ignored(box, occlusion, flag, heights=(55, 1e10), occlusions=(0, 1))
        for box, occlusion, flag in zip(truth.xywh.tolist(), truth.occlusions, truth.ignored, strict=True)
    ]
    images = [([], []) for _ in range(2252)]
    for image, box, ignored in zip(truth.images, truth.xywh.tolist(), settings, strict=True):
        images[image][0].append((box, ignored))
    path = GOLDEN / "mbnet_per_frame_results.zip"
    with zipfile.ZipFile(path) as archive:
        for (_, found), name in zip(images, sorted(archive.namelist()), strict=True):
            for line in archive.read(name).decode().splitlines():
                left, top, right, bottom, score = map(float, line.split()[1:])
                box = [float(f"{value:.4f}") for value in (left + 1, top + 1, right - left, bottom - top)]
                found.append((box, float(f"{score:.8f}")))
    expected = 100 * reference_toolbox.miss_rate(reference_toolbox.curve(images))
    found = rgbtbench.score("kaist/reasonable-all@improved", path, ground_truth=TEXT_LABELS)
    assert found.metrics["miss_rate"] == pytest.approx(expected, rel=1e-12)


@needs_golden
def test_a_missing_image_never_shrinks_the_denominator_but_under_the_script(tmp_path):
    lines = (GOLDEN / "results/MLPD_result.txt").read_text().splitlines()
    kept = tmp_path / "without_every_tenth_image.txt"
    kept.write_text("\n".join(line for line in lines if int(line.split(",")[0]) % 10))
    whole, part, script = (
        rgbtbench.score(f"kaist/reasonable-all@improved{tool}", path, ground_truth=JSON_LABELS)
        for path, tool in ((GOLDEN / "results/MLPD_result.txt", ""), (kept, ""), (kept, "+mlpd"))
    )
    assert part.metrics["miss_rate"] > whole.metrics["miss_rate"] + 5
    assert part.metrics["recall"] < whole.metrics["recall"] - 5
    assert script.metrics["miss_rate"] < part.metrics["miss_rate"] - 5
    assert any("boxes are not missed: their images have no detection" in note for note in script.notes)


@needs_golden
def test_numbers_come_again_from_the_stored_statistics():
    name = "kaist/reasonable-all@improved+mlpd"
    score = rgbtbench.score(name, GOLDEN / "results/GAFF_result.txt", ground_truth=JSON_LABELS)
    again = summarise(catalog.protocol(name), from_arrays(score.statistics, MissRateCounts))
    assert {field: getattr(score, field) for field in vars(again)} == vars(again)
    assert sum(array.nbytes for array in score.statistics.values()) < 1 << 20


@needs_golden
@pytest.mark.parametrize("name", ["reasonable-all@original", "near@original+mlpd"])
def test_improved_labels_are_not_taken_for_original_ones(name):
    with pytest.raises(LabelError, match="expected others than those of the labels improved; take the labels original"):
        rgbtbench.score(f"kaist/{name}", GOLDEN / "results/MLPD_result.txt", ground_truth=JSON_LABELS)


BOXES = [("person", (100, 100, 130, 160)), ("person", (300, 100, 330, 160)), ("people", (400, 100, 500, 200))]
FRAMES = ("set06/V000/I00019", "set06/V001/I00019", "set07/V000/I00039", "set09/V000/I00019")


@pytest.fixture
def texts(tmp_path):
    for frame in FRAMES:
        write_bbgt(tmp_path / "labels" / f"{frame.replace('/', '_')}.txt", boxes=BOXES)
    return tmp_path / "labels"


def rows(tmp_path, *rows):
    path = tmp_path / "rows.txt"
    path.write_text("".join(f"{','.join(map(str, row))}\n" for row in rows))
    return path


FOUND = [(image, x, 100, 30, 60, 0.9) for image in (1, 2, 3) for x in (100, 300)]


def test_three_of_four_images_are_a_quarter_missed_and_nothing_under_the_script(texts, tmp_path):
    path = rows(tmp_path, *FOUND)
    found = {
        tool: rgbtbench.score(f"kaist/reasonable-all@original{tool}", path, ground_truth=texts)
        for tool in ("", "+mlpd")
    }
    assert found[""].metrics["miss_rate"] == pytest.approx(25)
    assert found[""].metrics["recall"] == 75
    # The very first box is never found there, and the false positive in its place comes first.
    assert found["+mlpd"].metrics["recall"] == pytest.approx(100 * 5 / 6)
    assert found["+mlpd"].notes[0] == "2 of 8 boxes are not missed: their images have no detection"


def test_labels_of_other_images_than_the_split_s_have_an_id_that_ranks_beside_nothing(texts, tmp_path):
    found = rgbtbench.score("kaist/reasonable-all@original", rows(tmp_path, *FOUND), ground_truth=texts)
    assert found.protocol.id.startswith("kaist-unlisted-")
    assert found.protocol.id.endswith("/reasonable-all@original")
    assert found.protocol.edition == "unlisted"


def test_the_first_box_is_found_again_where_its_image_is_not_scored(texts, tmp_path):
    night = rows(tmp_path, (4, 100, 100, 30, 60, 0.9), (4, 300, 100, 30, 60, 0.8))
    found = rgbtbench.score("kaist/reasonable-night@original+mlpd", night, ground_truth=texts)
    assert (found.images, found.metrics["recall"], found.metrics["miss_rate"]) == (1, 100, 0)


def test_a_detection_in_a_group_counts_neither_way_and_detections_of_other_classes_not_at_all(texts, tmp_path):
    results = [
        {"image_id": 0, "category_id": 1, "bbox": [410, 110, 30, 60], "score": 1.0},
        {"image_id": 0, "category_id": 3, "bbox": [100, 100, 30, 60], "score": 0.9},
        {"image_id": 0, "category_id": 1, "bbox": [300, 100, 30, 60], "score": 0.8},
    ]
    path = tmp_path / "results.json"
    path.write_text(json.dumps(results))
    found = rgbtbench.score("kaist/reasonable-all@original", path, ground_truth=texts)
    assert found.metrics["recall"] == pytest.approx(100 / 8)
    assert found.metrics["miss_rate_at_0.01"] == pytest.approx(100 * 7 / 8)


def test_prepared_data_gives_what_label_files_give(texts, tmp_path):
    raw, shards = tmp_path / "raw", tmp_path / "shards"
    for frame in FRAMES:
        video, _, number = frame.rpartition("/")
        for camera in ("visible", "lwir"):
            put(raw, f"images/{video}/{camera}/{number}.jpg", file_of(noise(8, 10, 3), "jpeg"))
        write_kaist_xml(raw / f"annotations-xml-new/{frame}.xml", frame=frame, boxes=BOXES)
    put(raw, "imageSets/test-all-20.txt", "".join(f"{frame}\n" for frame in FRAMES))
    prepare(dataset("kaist"), dataset_card("kaist"), raw, shards, workers=1, options=Options(limit=4))
    name = catalog.unlisted_protocol(catalog.protocol("kaist/reasonable-all@improved"), keys_of(shards)).id
    path = rows(tmp_path, *FOUND, (4, 10, 10, 30, 60, 0.95))
    from_shards = rgbtbench.score(name, path, data=shards)
    from_files = rgbtbench.score("kaist/reasonable-all@improved", path, ground_truth=texts)
    assert from_shards.protocol == from_files.protocol
    assert from_shards.as_json() == from_files.as_json()
    coco = tmp_path / "results.json"
    coco.write_text(
        json.dumps([{"image_id": row[0] - 1, "category_id": 1, "bbox": row[1:5], "score": row[5]} for row in FOUND])
    )
    assert rgbtbench.score(name, coco, data=shards).metrics["recall"] == 75


def keys_of(shards):
    return read_manifest(shards).split("test").keys_sha256


@pytest.mark.parametrize(
    ("row", "words"),
    [((5, 1, 1, 9, 9, 0.5), "image number 5; expected 1 to 4"), ((1, 1, 1, 9, 9, "nan"), "nan is no finite score")],
)
def test_malformed_submissions_are_refused(row, words, texts, tmp_path):
    path = rows(tmp_path, *FOUND, row)
    with pytest.raises(PredictionError, match=words):
        rgbtbench.score("kaist/reasonable-all@original", path, ground_truth=texts)
