"""A suite for one model: records, retention, means, and going on where it stopped."""

import json
import re

import pytest
import torch
from typer.testing import CliRunner

from rgbtbench.cards.suite import suite_names
from rgbtbench.cli.app import app
from rgbtbench.datasets import dataset
from rgbtbench.efficiency.timing import Setting
from rgbtbench.errors import ConditionError, UserError
from rgbtbench.evaluation import evaluate
from rgbtbench.leaderboard.make_rows import row_of_record
from rgbtbench.leaderboard.store import read_records
from rgbtbench.loading.prepared import open_split
from rgbtbench.predictions.members import read_sidecar
from rgbtbench.profiling import efficiency_of
from rgbtbench.robustness import evaluate_conditions, planned_conditions, run_suite
from rgbtbench.scoring.resolve import protocols_of
from rgbtbench.shards.build import prepare_dataset
from rgbtbench.subject import Subject
from rgbtbench.zoo.registry import build
from rgbtbench.zoo.weights import save_weights

FEW = """
summary: few
lines:
- {condition: "missing:{modality}/zero_norm", modalities: subsets}
- {condition: "corrupt:{modality}/low_contrast/{severity}", modalities: each, kinds: [lwir], values: {severity: [1, 5]}}
- {condition: "shift:{modality}/{distance},0", modalities: moved, values: {distance: [-4, 4]}}
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("robustness")
    source = dataset("mfnet")
    (folder / "raw").mkdir()
    source.fake(folder / "raw", source.layouts[0], {"train": 2, "val": 2, "test": 3}, seed=0)
    manifest = prepare_dataset("mfnet", folder / "raw", folder / "shards", workers=1, allow_differences=True)
    protocol = next(name for name in protocols_of(manifest) if name.endswith("/miou-9"))
    torch.manual_seed(0)
    classes = open_split(folder / "shards", "test").classes("semantic")
    save_weights(build("mfnet", {}, task="semantic", classes=classes), folder / "weights.safetensors")
    (folder / "few.yaml").write_text(FEW)
    return folder, protocol


class Counting(Subject):
    """A subject that says how often it was asked."""

    evaluations = 0

    def evaluate(self, *arguments, **options):
        Counting.evaluations += 1
        if Counting.evaluations == getattr(self, "stop_at", None):
            raise KeyboardInterrupt
        return super().evaluate(*arguments, **options)


def test_every_condition_gets_a_record_that_says_what_is_retained(prepared, tmp_path):
    folder, protocol = prepared
    subject = Subject(folder / "weights.safetensors")
    result = run_suite(subject, folder / "shards", protocol, str(folder / "few.yaml"), records=tmp_path / "records")
    stored = read_records(tmp_path / "records")
    assert {record.condition for record in stored.values()} == {
        "none", "missing:rgb/zero_norm", "missing:lwir/zero_norm", "corrupt:lwir/low_contrast/1",
        "corrupt:lwir/low_contrast/5", "shift:lwir/-4,0", "shift:lwir/4,0",
    }  # fmt: skip
    name, clean = result.clean
    assert (clean.condition, clean.clean, clean.retention) == ("none", None, {})
    for record in stored.values():
        if record.condition != "none":
            assert record.clean == name
            assert record.retention["miou"] == pytest.approx(record.metrics["miou"] / clean.metrics["miou"])
    summary = result.as_json()
    assert [line["condition"] for line in summary["conditions"]] == [
        str(condition)
        for condition in planned_conditions(subject, folder / "shards", protocol, str(folder / "few.yaml"))
    ]
    means = summary["means"]["miou"]
    values = {line["condition"]: line["metrics"]["miou"] for line in summary["conditions"]}
    assert means["corruptions"]["lwir/thermal"]["mpc"] == pytest.approx(
        (values["corrupt:lwir/low_contrast/1"] + values["corrupt:lwir/low_contrast/5"]) / 2
    )
    assert means["missing"]["zero_norm"]["avg"] == pytest.approx(
        (clean.metrics["miou"] + values["missing:rgb/zero_norm"] + values["missing:lwir/zero_norm"]) / 3
    )
    assert set(means["misregistration"]) == {"shift:lwir"}
    json.dumps(summary, allow_nan=False)


def test_a_suite_goes_on_where_it_stopped_and_repeats_nothing(prepared, tmp_path):
    folder, protocol = prepared
    subject = Counting(folder / "weights.safetensors")
    arguments = folder / "shards", protocol, str(folder / "few.yaml")
    Counting.evaluations, subject.stop_at = 0, 4
    with pytest.raises(KeyboardInterrupt):
        run_suite(subject, *arguments, records=tmp_path)
    assert len(read_records(tmp_path)) == 3
    Counting.evaluations, subject.stop_at = 0, None
    first = run_suite(subject, *arguments, records=tmp_path)
    assert Counting.evaluations == 4
    again = run_suite(subject, *arguments, records=tmp_path)
    assert Counting.evaluations == 4
    assert again.as_json() == first.as_json()


def test_conditions_one_by_one_know_the_clean_result_when_it_is_there(prepared, tmp_path):
    folder, protocol = prepared
    subject = Subject(folder / "weights.safetensors")
    conditions = ["corrupt:lwir/low_contrast/5", "none", "corrupt:lwir/low_contrast/1"]
    found = evaluate_conditions(subject, folder / "shards", protocol, conditions, records=tmp_path)
    shares = [bool(evaluation.record.retention) for evaluation, _ in found]
    assert shares == [False, False, True]
    assert found[2][0].record.clean == found[1][1]
    unstored = evaluate_conditions(subject, folder / "shards", protocol, ["none"])
    assert unstored[0][1] is None
    with pytest.raises(UserError, match="one folder for the predictions of several"):
        evaluate_conditions(subject, folder / "shards", protocol, conditions, out=tmp_path / "p")


def test_predictions_of_each_condition_lie_apart_beside_the_weights(prepared):
    folder, protocol = prepared
    subject = Subject(folder / "weights.safetensors")
    found = evaluate_conditions(subject, folder / "shards", protocol, ["shift:lwir/4.0,-2", "none"])
    names = [evaluation.predictions.name for evaluation, _ in found]
    assert "shift-lwir-4,-2" in names[0]
    assert len(set(names)) == 2
    assert found[0][0].record.condition == "shift:lwir/4,-2"


def test_the_image_that_labels_follow_is_never_moved(tmp_path):
    source = dataset("synthetic")
    (tmp_path / "raw").mkdir()
    source.fake(tmp_path / "raw", source.layouts[0], {"train": 1, "val": 1, "test": 2}, seed=0)
    manifest = prepare_dataset("synthetic", tmp_path / "raw", tmp_path / "shards", workers=1, allow_differences=True)
    protocol = next(name for name in protocols_of(manifest) if name.endswith("/miou"))
    with pytest.raises(ConditionError, match=r"moves rgb, which the labels semantic of synthetic follow.*move lwir"):
        evaluate(lambda batch: [], tmp_path / "shards", protocol, out=tmp_path / "p", condition="shift:rgb/4,0")
    assert not (tmp_path / "p").exists()


def test_the_command_prints_what_is_retained_and_writes_a_summary(prepared, tmp_path):
    folder, protocol = prepared
    arguments = [
        "robustness", str(folder / "weights.safetensors"), "--data", str(folder / "shards"), "--protocol", protocol,
        "--suite", str(folder / "few.yaml"), "--records", str(tmp_path / "records"), "--device", "cpu",
    ]  # fmt: skip
    planned = CliRunner().invoke(app, [*arguments, "--severities", "5", "--dry-run"])
    assert planned.exit_code == 0
    assert "corrupt:lwir/low_contrast/5" in planned.stdout.splitlines()
    assert "corrupt:lwir/low_contrast/1" not in planned.stdout
    assert not (tmp_path / "records").exists()
    done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "summary.json")])
    assert done.exit_code == 0, done.output
    assert "of clean" in done.stdout
    assert re.search(r"lwir/thermal +mpc +\d+\.\d *\n", done.stdout)
    assert re.search(r"lwir/thermal +rpc +\d+\.\d%", done.stdout)
    printed = CliRunner().invoke(app, [*arguments, "--json"])
    start = printed.stdout.index("{\n")
    assert json.loads(printed.stdout[start:]) == json.loads((tmp_path / "summary.json").read_text())


def test_the_help_names_every_suite():
    printed = CliRunner().invoke(app, ["robustness", "--help"], env={"COLUMNS": "200"}).stdout
    assert f"{', '.join(suite_names())}, or a YAML" in " ".join(printed.replace("│", " ").split())


def test_what_a_model_costs_goes_into_its_records_when_it_is_measured(prepared, tmp_path):
    folder, protocol = prepared
    subject = Subject(folder / "weights.safetensors")
    setting = Setting(seconds=0.01, batch_size=1)
    cost = efficiency_of(subject, folder / "shards", protocol, setting)
    found = evaluate_conditions(subject, folder / "shards", protocol, ["none"], records=tmp_path, efficiency=cost)
    stored = next(iter(read_records(tmp_path).values())).efficiency
    assert stored == found[0][0].record.efficiency == cost
    assert (stored.parameters, stored.size) == (736_275, (120, 160))
    # As the card says for 480x640; here 120 rows are padded to 128.
    assert stored.flops == 16_592_601_600 * (128 * 160) // (480 * 640)
    assert stored.latency_p10_ms <= stored.latency_ms <= stored.latency_p90_ms
    assert "PyTorch" in stored.measured


def test_several_views_are_a_row_of_their_own_under_the_same_protocol(prepared, tmp_path):
    folder, protocol = prepared
    weights, data, conditions = folder / "weights.safetensors", folder / "shards", ["none", "missing:lwir/zero_norm"]
    plain = evaluate_conditions(Subject(weights), data, protocol, conditions, records=tmp_path)
    line = ["eval", str(weights), "--data", str(data), "--protocol", protocol, "--records", str(tmp_path)]
    line += ["--scales", "0.5,1", "--flip", *(part for name in conditions for part in ("--condition", name))]
    assert CliRunner().invoke(app, line).exit_code == 0
    stored = read_records(tmp_path)
    views = {name: record for name, record in stored.items() if record.test_time_augmentation != "none"}
    assert len(stored) == 4
    assert {record.test_time_augmentation for record in views.values()} == {"scales:0.5,1+flip+mean_softmax"}
    assert {record.protocol_hash for record in stored.values()} == {plain[0][0].record.protocol_hash}
    (clean,) = (name for name, record in views.items() if record.condition == "none")
    (altered,) = (record for record in views.values() if record.condition != "none")
    assert altered.clean == clean  # and not the result of one view, which lies there too
    row = row_of_record(views[clean], clean)
    assert "test-time-augmentation" in row.marks
    assert ("test-time augmentation", "scales:0.5,1+flip+mean_softmax") in row.facts
    kept = {read_sidecar(path).test_time_augmentation: path.name for path in (folder / "predictions").iterdir()}
    assert kept["none"] != kept["scales:0.5,1+flip+mean_softmax"]  # nothing was taken for the other's
