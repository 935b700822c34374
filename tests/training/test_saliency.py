"""Training for saliency: what is looked at is what would be scored, and weights are chosen by it."""

from __future__ import annotations

import pytest

from rgbtbench.cards.recipe import load_recipe
from rgbtbench.datasets.registry import dataset
from rgbtbench.evaluation import score_predictions
from rgbtbench.loading.prepared import open_split
from rgbtbench.scoring.resolve import protocols_of
from rgbtbench.shards.build import prepare_dataset
from rgbtbench.shards.manifest import read_manifest
from rgbtbench.training.metrics_log import read_metrics
from rgbtbench.training.run import train
from rgbtbench.training.selection import improves
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.predict import predict_split

CHOSEN_ON_TEST = ["data.validation=test", "selection=test", "validation.every_steps=1"]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    raw, out = tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("data") / "prepared"
    source = dataset("synthetic")
    source.fake(raw, source.layouts[0], {"train": 2, "test": 3}, 1)
    prepare_dataset("synthetic", raw, out, workers=1, allow_differences=True)
    return out


@pytest.fixture(scope="module")
def trained(scenes, tmp_path_factory):
    recipe = load_recipe("mit_saliency/smoke", CHOSEN_ON_TEST)
    return train(recipe, scenes, tmp_path_factory.mktemp("runs") / "run")


def test_metrics_of_the_last_look_are_those_of_the_written_maps(trained, scenes, tmp_path):
    looked = trained.info.training.metrics
    out = predict_split(load_model(trained.folder), open_split(scenes, "test"), tmp_path / "maps")
    (protocol,) = (name for name in protocols_of(read_manifest(scenes)) if name.endswith("/sod"))
    scored = score_predictions(out, scenes, protocol).score.metrics
    assert set(scored) == set(looked) - {"loss"}
    for name, value in scored.items():
        assert looked[name] == pytest.approx(value, abs=1e-6)


def test_the_weights_with_the_best_structure_measure_are_kept(trained):
    looks = [line["validation"] for line in read_metrics(trained.folder / "metrics.jsonl") if "validation" in line]
    assert len(looks) == 2
    assert trained.info.training.metrics["s_measure"] == max(look["s_measure"] for look in looks)


def test_errors_are_better_when_they_fall():
    assert improves("mae", 0.1, than=0.2)
    assert improves("loss", 0.1, than=0.2)
    assert improves("s_measure", 0.2, than=0.1)
    assert not improves("mae", 0.2, than=0.2)
