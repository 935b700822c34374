"""Training on two datasets with other classes and cameras: blobs (rgb, lwir) and sparks (rgb, nir)."""

from __future__ import annotations

import json
import os
import signal

import pytest
import torch

from rgbtbench.cards.recipe import load_recipe
from rgbtbench.errors import RecipeError, ShardError
from rgbtbench.leaderboard.records import Training
from rgbtbench.loading.prepared import open_split
from rgbtbench.prediction import predict_weights
from rgbtbench.predictions.masks import read_masks
from rgbtbench.training.interruption import InterruptedTrainingError
from rgbtbench.training.metrics_log import read_metrics
from rgbtbench.training.run import train
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.predict import predict_split
from tests.blobs import prepare_blobs

from .recipes import AtStep, recipe
from .runs import lines_without_time

MEMBERS = ({"dataset": "blobs"}, {"dataset": "sparks", "inputs": {"inf": "nir"}})


def joint(*, members=MEMBERS, mixing=None, **changes):
    data = {"members": [dict(member) for member in members], "mixing": mixing or {}}
    return recipe(data=data, **changes)


@pytest.fixture(scope="module")
def uninterrupted(blobs, sparks, tmp_path_factory):
    """Six steps of four samples in one go: the fourth begins in the middle of the first epoch of sixteen."""
    return train(joint(), [sparks, blobs], tmp_path_factory.mktemp("run") / "whole")


def test_the_classes_of_both_are_learnt_and_stored_with_what_they_are_to_each(uninterrupted):
    spec = uninterrupted.info.model
    assert spec.classes == {0: "unlabeled", 1: "street_lamp", 2: "human", 3: "person"}
    assert spec.members["blobs"].labels == {0: 0, 1: 1, 4: 3}
    assert spec.members["sparks"].labels == {2: 0, 3: 1, 0: 2}
    # Persons are humans to sparks; humans are no class of blobs.
    assert spec.members["sparks"].answers == {0: 2, 1: 3, 2: 0, 3: 0}
    assert spec.members["blobs"].answers == {0: 0, 1: 1, 3: 4}
    assert spec.members["sparks"].inputs == {"rgb": "rgb", "inf": "nir"}
    assert spec.members["blobs"].inputs == spec.inputs == {"rgb": "rgb", "inf": "lwir"}


def test_every_members_data_is_named_with_its_hashes(uninterrupted, blobs, sparks):
    facts = uninterrupted.info.training
    assert facts.data == ("blobs/train, 10 pairs", "sparks/train, 6 pairs")
    for member, root in zip(facts.members, (blobs, sparks), strict=True):
        manifest = json.loads((root / "manifest.json").read_text())
        assert (member.data_hash, member.labels_hash) == (manifest["data_hash"], manifest["labels_hash"])
    recorded = Training.model_validate(facts.model_dump(include=set(Training.model_fields)))
    assert [member.pairs for member in recorded.members] == [10, 6]
    assert (facts.dataset, facts.label_space) == (None, "joint")


def test_each_is_looked_at_in_its_own_classes_and_the_mean_stands_first(uninterrupted):
    found = uninterrupted.metrics
    for metric in ("miou", "loss"):
        assert found[metric] == pytest.approx((found[f"blobs/val/{metric}"] + found[f"sparks/val/{metric}"]) / 2)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_that_was_stopped_in_mid_epoch_ends_with_the_same_bits(blobs, sparks, tmp_path, uninterrupted, workers):
    listener = AtStep(3, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(InterruptedTrainingError, match="stopped by SIGTERM after step 3 of 6"):
        train(joint(), [blobs, sparks], tmp_path / "run", workers=workers, progress=listener)
    result = train(joint(), [sparks, blobs], tmp_path / "run", workers=workers, cached=True, resume=True)
    assert result.resumed_from == 3
    assert result.info.sha256 == uninterrupted.info.sha256
    assert lines_without_time(tmp_path / "run") == lines_without_time(uninterrupted.folder)
    assert [line["epoch"] for line in read_metrics(tmp_path / "run" / "metrics.jsonl")][3] == 1.0


def test_the_resolved_recipe_repeats_the_run(uninterrupted, blobs, sparks):
    again = load_recipe(uninterrupted.folder / "recipe.yaml")
    assert again.data.members[1].inputs == {"rgb": "rgb", "inf": "nir"}
    assert [member.label_set for member in again.data.members] == ["semantic", "semantic"]
    assert train(again, [blobs, sparks], uninterrupted.folder, resume=True).reused


def test_what_the_classes_share_and_what_an_epoch_holds_is_said_at_the_start(blobs, sparks, tmp_path):
    listener = AtStep()
    train(joint(steps=1), [blobs, sparks], tmp_path / "run", progress=listener)
    assert "an epoch of 16 samples: 3 batches of blobs/train, 1 batches of sparks/train" in listener.said[1]
    assert any("human and its finer person are classes of their own: sparks labels both" in s for s in listener.said)


@pytest.mark.parametrize("dataset", ["blobs", "sparks"])
def test_predictions_for_each_are_in_its_own_classes(uninterrupted, blobs, sparks, tmp_path, dataset):
    root = {"blobs": blobs, "sparks": sparks}[dataset]
    out = predict_weights(uninterrupted.folder, root, "test", tmp_path / "out")
    said = json.loads((out / "predictions.json").read_text())
    assert (said["dataset"], said["label_space"], said["label_set"]) == (dataset, "native", "semantic")
    split = open_split(root, "test")
    sizes = dict.fromkeys(split.keys, (48, 64))
    ids = {int(value) for prediction in read_masks(out, sizes) for value in prediction.mask.flat}
    assert ids <= set(split.classes("semantic"))


def test_a_dataset_that_was_no_member_is_not_predicted(uninterrupted, tmp_path):
    other = prepare_blobs(tmp_path, name="others", counts={"train": 1, "test": 1})
    with pytest.raises(RecipeError, match="trained on blobs, sparks, and others is none of them"):
        predict_weights(uninterrupted.folder, other, "test", tmp_path / "out")


def test_both_are_learnt(blobs, sparks, tmp_path):
    plan = {"steps": 60, "validation": {"every_steps": 60}, "averaging": None, "clip_norm": None}
    result = train(joint(**plan, mixing={"by": "round_robin", "remap": True}), [blobs, sparks], tmp_path / "run")
    assert result.metrics["blobs/val/miou"] > 50
    assert result.metrics["sparks/val/miou"] > 50
    losses = read_metrics(tmp_path / "run" / "metrics.jsonl")[-1]["losses"]
    assert set(losses) == {"cross_entropy", "native_cross_entropy"}


def test_mixed_batches_fill_in_what_a_member_lacks(blobs, sparks, tmp_path):
    members = ({"dataset": "blobs"}, {"dataset": "sparks", "inputs": {"inf": None}})
    plan = joint(members=members, mixing={"batches": "mixed", "epoch": "longest"}, steps=2)
    result = train(plan, [blobs, sparks], tmp_path / "run")
    assert result.info.model.members["sparks"].missing == ("lwir",)
    out = predict_split(load_model(result.folder), open_split(sparks, "test"), tmp_path / "out")
    assert len(list(out.glob("*.png"))) == 2


def test_two_splits_of_one_dataset_share_its_native_classes(blobs, tmp_path):
    members = ({"dataset": "blobs", "validation": None}, {"dataset": "blobs", "split": "val", "validation": None})
    result = train(joint(members=members, mixing={"label_space": "native"}, steps=1), blobs, tmp_path / "run")
    assert result.info.model.classes == {0: "background", 1: "lamp", 4: "person"}
    assert result.info.training.data == ("blobs/train, 10 pairs", "blobs/val, 5 pairs")
    out = predict_weights(result.folder, blobs, "test", tmp_path / "out")
    assert len(list(out.glob("*.png"))) == 3


def test_detectors_learn_the_boxes_of_both(blobs, sparks, tmp_path):
    plan = {
        "model": {"method": "two_stream_fcos"}, "task": "detection", "averaging": None, "steps": 2,
        "validation": {"every_steps": 2},
    }  # fmt: skip
    result = train(joint(**plan, mixing={"merge": ["human"]}), [blobs, sparks], tmp_path / "run")
    assert result.info.model.classes == {0: "street_lamp", 1: "human"}
    assert result.info.model.members["blobs"].answers == {0: 1, 1: 4}
    assert {"ap", "blobs/val/ap", "sparks/val/ap"} <= set(result.metrics)
    out = predict_weights(result.folder, sparks, "test", tmp_path / "out")
    assert {box["category_id"] for box in json.loads((out / "detections.json").read_text())} <= {0, 3}


class TestWhatDoesNotFit:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (["blobs"], "no prepared data for sparks; expected one prepared folder for each of blobs, sparks"),
            (["blobs", "sparks", "blobs"], "holds blobs, and so does"),
            (["blobs", "sparks", "others"], "holds others, which is no member of the recipe"),
        ],
    )
    def test_a_folder_that_is_missing_or_too_many(self, blobs, sparks, tmp_path, given, words):
        roots = {"blobs": blobs, "sparks": sparks, "others": tmp_path / "others"}
        if "others" in given:
            prepare_blobs(tmp_path, name="others", counts={"train": 1})
        with pytest.raises(RecipeError, match=words):
            train(joint(), [roots[name] for name in given], tmp_path / "run")

    def test_two_folders_for_one_dataset(self, blobs, sparks, tmp_path):
        with pytest.raises(RecipeError, match="2 prepared datasets for a recipe that trains on one"):
            train(recipe(), [blobs, sparks], tmp_path / "run")

    def test_a_modality_that_a_member_lacks(self, blobs, sparks, tmp_path):
        members = ({"dataset": "blobs"}, {"dataset": "sparks"})
        words = r"data\.members\[1\]\.inputs\.inf takes 'lwir', and sparks has rgb, nir"
        with pytest.raises(RecipeError, match=words):
            train(joint(members=members), [blobs, sparks], tmp_path / "run")

    def test_a_slot_that_the_model_lacks(self, blobs, sparks, tmp_path):
        members = ({"dataset": "blobs"}, {"dataset": "sparks", "inputs": {"x": "nir"}})
        with pytest.raises(RecipeError, match=r"inputs feeds x; expected slots of the model: rgb, inf"):
            train(joint(members=members), [blobs, sparks], tmp_path / "run")

    def test_mixed_batches_of_different_cameras(self, blobs, sparks, tmp_path):
        with pytest.raises(RecipeError, match="mixed batches of members with different modalities"):
            train(joint(mixing={"batches": "mixed"}), [blobs, sparks], tmp_path / "run")

    def test_native_ids_of_different_classes(self, blobs, sparks, tmp_path):
        with pytest.raises(RecipeError, match="blobs and sparks have different classes"):
            train(joint(mixing={"label_space": "native"}), [blobs, sparks], tmp_path / "run")

    def test_a_method_without_the_loss_that_is_asked_for(self, blobs, sparks, tmp_path):
        plan = joint(model={"method": "two_stream_fcos"}, task="detection", mixing={"remap": True})
        with pytest.raises(RecipeError, match="two_stream_fcos has no loss in each dataset's own classes"):
            train(plan, [blobs, sparks], tmp_path / "run")

    def test_a_task_without_classes(self, blobs, sparks, tmp_path):
        with pytest.raises(RecipeError, match="needs labels of kind saliency"):
            train(joint(model={"method": "mit_saliency"}, task="saliency"), [blobs, sparks], tmp_path / "run")

    def test_a_split_that_a_member_lacks(self, blobs, sparks, tmp_path):
        members = ({"dataset": "blobs", "split": "trian"}, MEMBERS[1])
        with pytest.raises(ShardError, match="trian"):
            train(joint(members=members), [blobs, sparks], tmp_path / "run")

    def test_other_data_or_another_mixture_when_resuming(self, blobs, sparks, uninterrupted, tmp_path):
        other = prepare_blobs(tmp_path, seed=9)
        with pytest.raises(RecipeError, match="begun with another images"):
            train(joint(), [other, sparks], uninterrupted.folder, resume=True)
        with pytest.raises(RecipeError, match="begun with another recipe"):
            train(joint(mixing={"by": "round_robin"}), [blobs, sparks], uninterrupted.folder, resume=True)

    def test_nothing_is_left_behind(self, blobs, tmp_path):
        with pytest.raises(RecipeError):
            train(joint(), [blobs], tmp_path / "run")
        assert not (tmp_path / "run").exists()


def test_a_loss_that_is_not_finite_names_the_samples_of_their_datasets(blobs, sparks, tmp_path):
    members = ({"dataset": "blobs"}, {"dataset": "sparks", "inputs": {"inf": None}})
    plan = joint(
        members=members, mixing={"by": "round_robin", "batches": "mixed"}, optimiser={"name": "sgd", "lr": 1e30},
        warm_up=None, clip_norm=None, averaging=None,
    )  # fmt: skip
    with pytest.raises(RecipeError, match=r"holds blobs/train-\d\d, sparks/train-\d\d"):
        train(plan, [blobs, sparks], tmp_path / "run")


def test_the_checkpoint_holds_the_place_in_the_mixture(uninterrupted):
    state = torch.load(uninterrupted.folder / "checkpoints" / "last.pt", weights_only=True)
    assert state["batches"]["position"] == 24
    assert len(state["batches"]["mixture"]) == 64
