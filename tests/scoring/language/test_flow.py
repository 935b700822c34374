"""From files of answers to results, over shards and over the JSON files alone, for all tasks and both sums."""

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

import rgbtbench
from rgbtbench.cli.app import app
from rgbtbench.errors import InputFileError, LabelError, PredictionError, RecordError, UserError
from rgbtbench.evaluation import score_predictions
from rgbtbench.leaderboard.store import write_record
from rgbtbench.leaderboard.verify import verify_record
from rgbtbench.predictions import Sidecar, TextPrediction, TextWriter
from rgbtbench.scoring.metrics import METRICS
from tests.scoring.language.released import ARCHIVE, answers, needs_released, rows
from tests.scoring.language.town_of_words import COUNTS, id_of, prepared, right_answers, write_answers, write_raw

PERFECT = {
    "scene": {"accuracy": 100}, "recognition": {"accuracy": 100}, "relationship": {"accuracy": 100},
    "reid": {"accuracy": 100}, "security": {"accuracy": 100}, "grounding": {"ap50": 100},
    "grounding+authors": {"recall": 100}, "location": {"location_mae": 0, "location_f1_5": 100},
    "location+authors": {"location_mae": 0, "location_f1_5": 100}, "aerial-counting": {"count_mae": 0, "count_rmse": 0},
    "pedestrian-counting": {"count_mae": 0}, "psum": {"psum": 600}, "nsum": {"nsum": 0},
    "psum+authors": {"psum": 600}, "nsum+authors": {"nsum": 0},
}  # fmt: skip


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return write_raw(tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def data(raw, tmp_path_factory):
    return prepared(raw, tmp_path_factory.mktemp("shards") / "irtd")


@pytest.fixture(scope="module")
def right(raw):
    return right_answers(raw)


@pytest.fixture
def perfect(right, tmp_path):
    return write_answers(tmp_path / "perfect.jsonl", right)


@pytest.fixture
def faulty(right, tmp_path):
    """Every third answer is no answer, every third a sentence around the right one."""
    changed = {
        key: (task, [answer, "I cannot say.", f"The answer is {answer}"][at % 3])
        for at, (key, (task, answer)) in enumerate(right.items())
    }
    return write_answers(tmp_path / "faulty.jsonl", changed)


@pytest.mark.parametrize("name", PERFECT)
def test_right_answers_are_perfect_and_one_file_serves_all_tasks(name, data, perfect):
    found = rgbtbench.score(id_of(data, name), perfect, data=data)
    assert found.metrics == pytest.approx(found.metrics | PERFECT[name] | {"parse_rate": 100})
    assert found.notes == () or "clusters" in found.notes[0]
    assert set(found.metrics) <= set(METRICS)


def numbers(found):
    return {name: value for name, value in found.as_json().items() if not name.startswith("protocol")}


@pytest.mark.parametrize("name", [name for name in PERFECT if "sum" not in name])
def test_the_json_files_give_what_the_shards_give(name, raw, data, faulty):
    from_shards = rgbtbench.score(id_of(data, name), faulty, data=data)
    assert from_shards.metrics["parse_rate"] < 100 or name.endswith("+authors") or name == "reid"
    from_files = rgbtbench.score(f"irtd/{name}", faulty, ground_truth=raw)
    if name != "scene":  # whose keys the card does not know
        assert from_files.protocol.id == from_shards.protocol.id
    assert numbers(from_files) == numbers(from_shards)


@pytest.mark.parametrize("name", ["psum", "nsum", "nsum+authors"])
def test_sums_are_over_several_splits_and_report_each_task(name, raw, data, faulty):
    found = rgbtbench.score(id_of(data, name), faulty, data=data)
    assert found.as_json() == rgbtbench.score(f"irtd/{name}", faulty, ground_truth=raw).as_json()
    tasks = {part.partition("=")[2]: subset for part, subset in found.subsets.items()}
    assert found.images == sum(subset.images for subset in tasks.values())
    headline = name.partition("+")[0]
    total = sum(next(iter(subset.metrics.values())) for subset in tasks.values())
    assert found.metrics[headline] == pytest.approx(total)
    interval = found.intervals[headline]
    assert interval.low <= found.metrics[headline] <= interval.high
    for task, subset in tasks.items():
        alone = task.replace("_", "-") + name.removeprefix(headline)
        assert rgbtbench.score(id_of(data, alone), faulty, data=data).metrics == pytest.approx(subset.metrics)


def test_the_order_of_lines_changes_nothing(data, right, faulty, tmp_path):
    lines = faulty.read_text().splitlines(keepends=True)
    (tmp_path / "shuffled.jsonl").write_text("".join(np.random.default_rng(3).permutation(lines)))
    name = id_of(data, "psum")
    before, after = (rgbtbench.score(name, path, data=data) for path in (faulty, tmp_path / "shuffled.jsonl"))
    assert before.as_json() == after.as_json()
    assert all(np.array_equal(before.statistics[key], after.statistics[key]) for key in before.statistics)


def test_an_image_that_is_asked_about_twice_is_drawn_once(data, perfect):
    found = rgbtbench.score(id_of(data, "location"), perfect, data=data)
    assert (found.images, found.clusters) == (COUNTS["location"], COUNTS["location"])


def test_a_sum_without_one_of_its_files_says_which(right, tmp_path):
    raw = write_raw(tmp_path / "raw", {name: 2 for name in COUNTS if name != "scene"})
    data = prepared(raw, tmp_path / "irtd")
    answers = write_answers(tmp_path / "answers.jsonl", right_answers(raw))
    with pytest.raises(UserError, match="irtd/psum needs split scene, which this data does not have"):
        rgbtbench.score("irtd/psum", answers, data=data)
    with pytest.raises(LabelError, match=r"holds 0 files Scene.json; expected one; Not released"):
        rgbtbench.score("irtd/psum", answers, ground_truth=raw)


def test_one_file_is_enough_for_one_task_whatever_its_name(raw, perfect, tmp_path):
    shutil.copy(raw / "json_sft" / "Detection.json", tmp_path / "mine.json")
    found = rgbtbench.score("irtd/grounding", perfect, ground_truth=tmp_path / "mine.json")
    assert found.metrics["ap50"] == pytest.approx(100)
    with pytest.raises(LabelError, match=r"needs several files; expected Location.json, AerialCounting.json"):
        rgbtbench.score("irtd/nsum", perfect, ground_truth=tmp_path / "mine.json")
    shutil.copy(raw / "json_sft" / "ReID.json", tmp_path / "mine.json")
    with pytest.raises(LabelError, match=r"Detection/0: .* does not (say what is sought|state boxes)"):
        rgbtbench.score(
            "irtd/grounding", perfect_for(tmp_path, "Detection", COUNTS["reid"]), ground_truth=tmp_path / "mine.json"
        )
    (tmp_path / "mine.json").write_text("[{}]")
    with pytest.raises(InputFileError, match=r"mine.json: row 1 has no id"):
        rgbtbench.score("irtd/grounding", perfect, ground_truth=tmp_path / "mine.json")


def perfect_for(folder, name, count):
    return write_answers(folder / "some.jsonl", {f"{name}/{at}": ("grounding", "") for at in range(count)})


def test_a_missing_answer_is_refused_and_named(data, right, tmp_path):
    kept = [key for key in right if key != "Location/3"]
    path = write_answers(tmp_path / "answers.jsonl", right, keys=kept)
    with pytest.raises(PredictionError, match=r"1 key \(Location/3\) of 12 without an answer"):
        rgbtbench.score(id_of(data, "location"), path, data=data)
    with pytest.raises(PredictionError, match=r"1 key \(Location/3\) of 35 without an answer"):
        rgbtbench.score(id_of(data, "nsum"), path, data=data)


def test_written_answers_know_the_split_that_they_were_made_for(data, right, tmp_path):
    sidecar = Sidecar(
        task="language", dataset="irtd", edition="unlisted", split="location", label_set="target", method="M"
    )
    with TextWriter(tmp_path / "out", sidecar) as writer:
        for key, (task, answer) in right.items():
            if task == "location":
                writer.write(TextPrediction(key, answer, task))
    evaluation = score_predictions(tmp_path / "out", data, id_of(data, "location"))
    assert evaluation.record.method == "M"
    assert evaluation.record.predictions_sha256 == evaluation.score.sidecar.predictions_sha256
    with pytest.raises(PredictionError, match="made for split 'location'; expected 'aerial_counting'"):
        rgbtbench.score(id_of(data, "aerial-counting"), tmp_path / "out", data=data)


@pytest.mark.parametrize("name", ["grounding", "nsum", "psum+authors"])
def test_a_record_is_verified_from_its_statistics_and_from_answers(name, data, faulty, perfect, tmp_path):
    evaluation = score_predictions(faulty, data, id_of(data, name))
    path = write_record(evaluation.record, tmp_path / "records", statistics=evaluation.score.statistics)
    assert evaluation.record.data.split == evaluation.score.protocol.split
    report = verify_record(path, predictions=faulty, data=data)
    assert report.left_out == ()
    with pytest.raises(RecordError, match="predictions_sha256"):
        verify_record(path, predictions=perfect, data=data)


def test_the_command_prints_one_object_with_flat_metrics(raw, data, faulty):
    command = ["score", id_of(data, "nsum"), str(faulty), "--data", str(data), "--json"]
    from_shards = CliRunner().invoke(app, command)
    assert from_shards.exit_code == 0, from_shards.output
    found = json.loads(from_shards.stdout)
    assert set(found["metrics"]) == {"nsum", "parse_rate"}
    assert set(found["subsets"]) == {"task=aerial_counting", "task=location", "task=pedestrian_counting"}
    from_files = CliRunner().invoke(app, ["score", "irtd/nsum", str(faulty), "--ground-truth", str(raw), "--json"])
    assert json.loads(from_files.stdout)["metrics"] == found["metrics"]
    table = CliRunner().invoke(app, ["score", "irtd/location", str(faulty), "--ground-truth", str(raw)])
    assert "location_mae" not in table.output
    assert "MAE" in table.output


@needs_released
@pytest.mark.parametrize(
    ("name", "file", "metrics"),
    [
        ("recognition", "Recognition", {"accuracy": 39.973009446693656}),
        ("security", "Security", {"accuracy": 37.511133732026974}),
        ("relationship", "Relationship", {"accuracy": 56.388088376561}),
        ("reid", "ReID", {"accuracy": 64.34503080632199}),
        ("aerial-counting", "AerialCounting", {"count_mae": 6.588333333333333, "count_rmse": 12.09125027998897}),
        ("pedestrian-counting", "PedestrianCounting", {"count_mae": 14.609898107714702}),
        ("grounding", "Detection", {"recall": 74.61455718895662}),
        (
            "location",
            "Location",
            {
                "location_mae": 2.641235933580946,
                "location_distance": 2.4521309335567114,
                "location_f1_5": 46.929700233860105,
                "location_precision": 58.5133642588911,
                "location_recall": 39.1744801680026,
            },
        ),
    ],
)
def test_the_authors_way_gives_what_their_scripts_print_for_the_released_questions(name, file, metrics, tmp_path):
    """Figures of the scripts themselves for the same made-up answers; shares in percent."""
    task = {"Detection": "grounding"}.get(file, name.replace("-", "_"))
    made = {f"{file}/{row}": (task, answer) for (row, _, _), answer in zip(rows(file), answers(file), strict=True)}
    path = write_answers(tmp_path / "answers.jsonl", made)
    found = rgbtbench.score(f"irtd/{name}+authors", path, ground_truth=ARCHIVE)
    assert found.protocol.id == f"irtd/{name}+authors"  # the keys are those of the released edition
    assert found.metrics == pytest.approx(found.metrics | metrics)


@needs_released
def test_the_released_answers_are_perfect(tmp_path):
    for name, file in (("security", "Security"), ("location", "Location"), ("grounding", "Detection")):
        task = name
        path = write_answers(
            tmp_path / "answers.jsonl", {f"{file}/{row}": (task, label) for row, _, label in rows(file)}
        )
        found = rgbtbench.score(f"irtd/{name}", path, ground_truth=ARCHIVE).metrics
        assert found["parse_rate"] == 100
        assert next(iter(found.values())) == pytest.approx(0 if name == "location" else 100)


def test_a_network_of_ones_own_is_asked_the_questions_and_sees_no_answer(data, right, tmp_path):
    seen = []

    def network(batch):
        seen.extend(text for texts in batch.text for text in texts)
        return [
            TextPrediction(key, right[key][1])
            for key, valid in zip(batch.keys, batch.valid.tolist(), strict=True)
            if valid
        ]

    found = rgbtbench.evaluate(network, data, id_of(data, "recognition"), out=tmp_path / "out")
    assert found.record.metrics == {"accuracy": 100, "parse_rate": 100}
    assert all(question.startswith("<image>\nWhat is the object in the picture?\n(A) ") for question in seen)
    assert len(seen) == COUNTS["recognition"]
    with pytest.raises(UserError, match="scores 3 splits at once; expected a protocol of one"):
        rgbtbench.evaluate(network, data, id_of(data, "nsum"), out=tmp_path / "sum")
