"""Published result files give the numbers of the reference tools, to every printed digit and in any order of rows."""

import json

import numpy as np
import pytest

from benchmarks.miss_rate import SCRIPT, ScriptEvaluator
from rgbtbench.cards.rules.miss_rate import MissRateRules
from rgbtbench.scoring.miss_rate.curve import log_average, recalls
from rgbtbench.scoring.miss_rate.detected import detect
from rgbtbench.scoring.miss_rate.ground_truth import Pedestrians, apply_setting
from tests.scoring.miss_rate.golden import DAY_IMAGES, GOLDEN, IMAGES, labelled, needs_golden, result, table, times

TOOLBOX = MissRateRules()
ALL_SIZES = {"heights": (1, None)}
SETTINGS = {
    "Reasonable-all": ("all", {}),
    "Reasonable-day": ("day", {}),
    "Reasonable-night": ("night", {}),
    "Scale=near": ("all", {"heights": (115, None), "occlusions": (0,)}),
    "Scale=medium": ("all", {"heights": (45, 115), "occlusions": (0,)}),
    "Scale=far": ("all", {"heights": (1, 45), "occlusions": (0,)}),
    "Occ=none": ("all", {**ALL_SIZES, "occlusions": (0,)}),
    "Occ=partial": ("all", {**ALL_SIZES, "occlusions": (1,)}),
    "Occ=heavy": ("all", {**ALL_SIZES, "occlusions": (2,)}),
}
FIXTURE_SETTINGS = {
    "reasonable_all": SETTINGS["Reasonable-all"],
    "reasonable_day": SETTINGS["Reasonable-day"],
    "reasonable_night": SETTINGS["Reasonable-night"],
    "scale_near": SETTINGS["Scale=near"],
    "scale_medium": SETTINGS["Scale=medium"],
    "scale_far": SETTINGS["Scale=far"],
    "occ_none": SETTINGS["Occ=none"],
    "occ_partial": SETTINGS["Occ=partial"],
    "occ_heavy": SETTINGS["Occ=heavy"],
    "all": ("all", {**ALL_SIZES, "occlusions": (0, 1, 2)}),
}


def evaluate(truth, images, xywh, scores, chosen, rules):
    """Return the nine recalls, final recall and log-average miss rate of some images."""
    statistics = detect(
        apply_setting(truth, rules),
        images,
        xywh,
        scores,
        image_count=len(chosen),
        rules=rules,
        never_found=0 if rules.first_box == "never_found" else None,
    )
    read = recalls(statistics.of_images(chosen), np.ones((1, int(chosen.sum()))), rules)
    return read.at_references[0].tolist(), float(read.final[0]), float(log_average(1 - read.at_references, rules)[0])


def published(name, setting, tool):
    time, changes = setting
    return evaluate(labelled(), *result(name), times(time), tool.model_copy(update=changes))


@needs_golden
@pytest.mark.parametrize("row", table("expected.csv"), ids=lambda row: f"{row['method']}-{row['tool']}")
def test_published_files_give_the_numbers_of_both_tools(row):
    tool = {"matlab_port": TOOLBOX, "mlpd_script": SCRIPT}[row["tool"]]
    settings = {name: setting for name, setting in SETTINGS.items() if row[name]}
    assert len(settings) == (9 if tool is TOOLBOX else 3)
    name = f"{row['method']}.txt"
    found = {setting: f"{100 * published(name, rules, tool)[2]:.4f}" for setting, rules in settings.items()}
    assert found == {setting: row[setting] for setting in settings}
    assert f"{100 * published(name, SETTINGS['Reasonable-all'], tool)[1]:.2f}" == row["recall_reasonable"]


@needs_golden
@pytest.mark.parametrize("script", ["mlpd", "msdetr"])
@pytest.mark.parametrize("time", ["all", "day", "night"])
def test_every_setting_of_two_published_scripts_gives_its_number(script, time):
    rows = table(f"expected_{script}_script_settings.csv")
    found = []
    for row in rows:
        heights = (float(row["height_min"]), float(row["height_max"]))
        occlusions = tuple(int(level) for level in row["occlusion"].split(","))
        setting = (time, {"heights": heights, "occlusions": occlusions})
        found.append(f"{100 * published(row['file'], setting, SCRIPT)[2]:.4f}")
    assert found == [row[time] for row in rows]


def fixture():
    path = GOLDEN / "kaist_mr_fixture.json"
    return json.loads(path.read_bytes()) if path.is_file() else {"expected_matlab": {}}


def of_fixture(known, setting, tool):
    time, changes = setting
    rows = known["annotations"]
    truth = Pedestrians(
        images=np.array([row[0] for row in rows]),
        xywh=np.array([row[1] for row in rows], float),
        occlusions=np.array([row[2] for row in rows]),
        ignored=np.array([row[3] for row in rows], bool),
    )
    found = known["detections"]
    images, xywh, scores = (np.array([row[at] for row in found]) for at in range(3))
    number = np.arange(known["n_images"])
    chosen = {"all": number >= 0, "day": number < 150, "night": number >= 150}[time]
    return evaluate(truth, images, xywh, scores, chosen, tool.model_copy(update=changes))


@needs_golden
@pytest.mark.parametrize("name", fixture()["expected_matlab"])
def test_the_fixture_gives_the_toolbox_s_numbers_exactly(name):
    known = fixture()
    expected = known["expected_matlab"][name]
    read, final, miss_rate = of_fixture(known, FIXTURE_SETTINGS[name], TOOLBOX)
    assert read == expected["recall_at_ref"]
    assert final == expected["final_recall"]
    assert miss_rate == pytest.approx(expected["mr"], rel=1e-15, abs=0)


@needs_golden
@pytest.mark.parametrize("name", ["reasonable_all", "reasonable_day", "reasonable_night"])
def test_the_fixture_gives_the_script_s_numbers_exactly(name):
    """Its boxes have no numbers; the script was run with numbers from 1, where no box has the number 0."""
    known, script = fixture(), SCRIPT.model_copy(update={"first_box": "found"})
    assert of_fixture(known, FIXTURE_SETTINGS[name], script)[2] == known["expected_mlpd_script"][name]


@needs_golden
def test_shuffled_rows_turn_the_script_s_number_into_nonsense_and_sorted_ones_do_not():
    """Its matrix of overlaps is put into the order of scores twice: rows must be sorted before they reach it."""
    annotations = json.loads((GOLDEN / "KAIST_annotation.json").read_bytes())["annotations"]
    images, xywh, scores = result("MLPD_result.txt")
    rows = [
        {"image_id": image, "bbox": box, "score": score}
        for image, box, score in zip(images.tolist(), xywh.tolist(), scores.tolist(), strict=True)
    ]
    shuffled = [rows[at] for at in np.random.default_rng(0).permutation(len(rows))]
    script = ScriptEvaluator(range(IMAGES), annotations)
    assert script.evaluate(shuffled)[0] > 0.3
    by_image_and_score = sorted(shuffled, key=lambda row: (row["image_id"], -row["score"]))
    assert f"{100 * script.evaluate(by_image_and_score)[0]:.4f}" == "7.5756"


@needs_golden
@pytest.mark.parametrize("name", ["MLPD_result.txt", "MSDS-RCNN_result.txt"])
def test_the_script_s_loop_over_images_gives_the_same_number_to_the_last_bit(name):
    annotations = json.loads((GOLDEN / "KAIST_annotation.json").read_bytes())["annotations"]
    images, xywh, scores = result(name)
    rows = [
        {"image_id": image, "bbox": box, "score": score}
        for image, box, score in zip(images.tolist(), xywh.tolist(), scores.tolist(), strict=True)
    ]
    expected = ScriptEvaluator(range(IMAGES), annotations, heights=(1, 1e10), occlusions=(0, 1, 2)).evaluate(rows)
    _, final, miss_rate = published(name, ("all", {**ALL_SIZES, "occlusions": (0, 1, 2)}), SCRIPT)
    assert (miss_rate, final) == expected


@needs_golden
def test_day_and_night_are_the_first_1455_images_and_the_rest():
    assert times("day").sum() == DAY_IMAGES
    assert times("night").sum() == 797
