"""The Python face: open prepared data, evaluate a network of one's own, score anyone's files."""

from pathlib import Path

import numpy as np
import pytest

import rgbtbench
from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset
from rgbtbench.description.croissant import croissant
from rgbtbench.errors import PredictionError, UnknownNameError, UserError
from rgbtbench.locations import location
from rgbtbench.predictions import BoxPrediction, MaskPrediction
from rgbtbench.scoring.resolve import protocols_of
from rgbtbench.shards.build import prepare_dataset

from .stores import empty_memory, upload


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluation")
    source = dataset("mfnet")
    (folder / "raw").mkdir()
    source.fake(folder / "raw", source.layouts[0], {"train": 2, "test": 5}, seed=0)
    manifest = prepare_dataset("mfnet", folder / "raw", folder / "shards", workers=1, allow_differences=True)
    return folder / "shards", next(name for name in protocols_of(manifest) if name.endswith("/miou-9"))


def knows_the_labels(shards):
    truth = {sample.key: sample.masks["semantic"] for sample in rgbtbench.open(shards, "test")}
    return lambda batch: [
        MaskPrediction(key, truth[key]) for key, real in zip(batch.keys, batch.valid, strict=True) if real
    ]


def test_a_network_that_knows_the_labels_scores_full_marks(prepared, tmp_path):
    shards, protocol = prepared
    result = rgbtbench.evaluate(knows_the_labels(shards), shards, protocol, out=tmp_path / "predictions")
    assert result.score.metrics["miou"] == pytest.approx(100.0)
    assert (result.record.kind, result.record.data.images) == ("scored", 5)


def test_a_network_that_says_nothing_scores_the_share_of_nothing(prepared, tmp_path):
    shards, protocol = prepared
    labels = np.concatenate([sample.masks["semantic"].ravel() for sample in rgbtbench.open(shards, "test")])
    sizes = {sample.key: sample.masks["semantic"].shape for sample in rgbtbench.open(shards, "test")}

    def nothing(batch):
        return [MaskPrediction(key, np.zeros(sizes[key], np.uint8)) for key in batch.keys if key]

    result = rgbtbench.evaluate(nothing, shards, protocol, out=tmp_path / "predictions")
    share = float((labels == 0).mean())
    assert result.score.metrics["aacc"] == pytest.approx(100 * share)
    assert result.score.metrics["miou"] == pytest.approx(100 * share / len(np.unique(labels)))


def test_data_in_a_store_scores_as_on_disk(prepared, tmp_path, monkeypatch):
    monkeypatch.setenv("RGBTBENCH_CACHE", str(tmp_path / "cache"))
    shards, protocol = prepared
    first = rgbtbench.evaluate(knows_the_labels(shards), shards, protocol, out=tmp_path / "predictions").score
    with empty_memory():
        upload(shards, location("memory://shards"))
        again = rgbtbench.score(protocol, tmp_path / "predictions", data="memory://shards")
        described = croissant(dataset_card("mfnet"), data=location("memory://shards"), address="")
    assert (again.metrics, again.predictions_sha256) == (first.metrics, first.predictions_sha256)
    assert described == croissant(dataset_card("mfnet"), data=shards, address="")


def test_files_score_the_same_as_the_network_that_wrote_them(prepared, tmp_path):
    shards, protocol = prepared
    first = rgbtbench.evaluate(knows_the_labels(shards), shards, protocol, out=tmp_path / "predictions").score
    again = rgbtbench.score(protocol, tmp_path / "predictions", data=shards)
    assert (again.metrics, again.predictions_sha256) == (first.metrics, first.predictions_sha256)


def test_a_dropped_modality_reaches_the_network_as_absent_and_the_record_by_name(prepared, tmp_path):
    from rgbtbench.evaluation import evaluate

    shards, protocol = prepared
    present = []
    perfect = knows_the_labels(shards)

    def watching(batch):
        present.extend(batch.present["lwir"].tolist())
        return perfect(batch)

    result = evaluate(watching, shards, protocol, out=tmp_path / "p", condition="missing:lwir/drop")
    assert present == [False] * 5
    assert result.record.condition == "missing:lwir/drop"


def test_weights_of_others_are_scored_and_never_pass_for_measured(prepared, tmp_path):
    import torch

    from rgbtbench.conversion import convert_for_dataset
    from rgbtbench.subject import Subject
    from rgbtbench.zoo.registry import build

    shards, protocol = prepared
    torch.manual_seed(0)
    theirs = build("mfnet", {}, task="semantic", classes={number: str(number) for number in range(9)})
    torch.save(theirs.state_dict(), tmp_path / "theirs.pth")
    out = tmp_path / "converted.safetensors"
    convert_for_dataset(tmp_path / "theirs.pth", out, method="mfnet", dataset="mfnet", label_set=None, config_yaml="{}")
    record = Subject(out).evaluate(shards, protocol).record
    assert (record.kind, record.training.initial_weights, record.training.seed) == ("scored", "unknown", None)
    assert any("converted from theirs.pth" in note for note in record.notes)


def test_a_record_names_what_the_initial_weights_had_seen(prepared, tmp_path):
    from rgbtbench.cards.recipe import load_recipe
    from rgbtbench.subject import Subject
    from rgbtbench.training.run import train

    shards, protocol = prepared
    first = train(load_recipe("mfnet/smoke"), shards, tmp_path / "first")
    second = train(load_recipe("mfnet/smoke", [f"initial_weights={first.folder}"]), shards, tmp_path / "second")
    seen = Subject(second.folder).evaluate(shards, protocol).record.training.pretraining
    assert [(data.name, data.holds_test_images) for data in seen] == [(first.info.training.data[0], "unknown")]


def test_a_network_that_leaves_a_sample_out_is_not_scored(prepared, tmp_path):
    shards, protocol = prepared
    perfect = knows_the_labels(shards)
    with pytest.raises(PredictionError, match="left out"):
        rgbtbench.evaluate(lambda batch: perfect(batch)[1:], shards, protocol, out=tmp_path / "predictions")


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "nothing returned NoneType; expected a list of MaskPrediction"),
        ([], "nothing left out 5 of 5 samples"),
        ([np.zeros((2, 2))], "holds ndarray; expected MaskPrediction"),
        (
            [BoxPrediction("a", np.zeros((0, 4)), np.zeros(0), np.zeros(0))],
            "holds BoxPrediction; expected MaskPrediction",
        ),
    ],
)
def test_a_network_that_returns_no_predictions_is_told_what_to_return(prepared, tmp_path, returned, words):
    shards, protocol = prepared

    def nothing(batch):
        return returned

    with pytest.raises(PredictionError, match=words):
        rgbtbench.evaluate(nothing, shards, protocol, out=tmp_path / "predictions")


def test_predictions_beside_the_weights_are_used_again_only_as_they_were_written(prepared, tmp_path):
    import torch

    from rgbtbench.formats.image_file import encode_png
    from rgbtbench.subject import Subject
    from rgbtbench.zoo.registry import build
    from rgbtbench.zoo.weights import save_weights

    shards, protocol = prepared
    torch.manual_seed(0)
    classes = rgbtbench.open(shards, "test").classes("semantic")
    weights = tmp_path / "weights.safetensors"
    save_weights(build("mfnet", {}, task="semantic", classes=classes), weights)
    first = Subject(weights).evaluate(shards, protocol)
    masks = sorted(first.predictions.glob("*.png"))
    times = [path.stat().st_mtime_ns for path in masks]
    again = Subject(weights).evaluate(shards, protocol)
    assert again.record.metrics == first.record.metrics
    assert [path.stat().st_mtime_ns for path in masks] == times
    height, width = rgbtbench.open(shards, "test")[0].masks["semantic"].shape
    masks[0].write_bytes(encode_png(np.zeros((height, width), np.uint8) + 1))
    with pytest.raises(PredictionError, match="does not match the hash in their sidecar"):
        Subject(weights).evaluate(shards, protocol)


def test_a_protocol_of_other_data_is_refused_with_the_right_id(prepared, tmp_path):
    shards, protocol = prepared
    with pytest.raises(UserError, match=protocol):
        rgbtbench.score("mfnet/miou-9", tmp_path, data=shards)
    with pytest.raises(UnknownNameError, match="no protocol"):
        rgbtbench.score("mfnet/nonsense", tmp_path, data=shards)


def test_importing_the_package_imports_nothing_else():
    import subprocess
    import sys

    code = "import sys, rgbtbench; print(len({'numpy', 'torch', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == "0"
