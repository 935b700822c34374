from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
import torch

from rgbtbench.cards.recipe import load_recipe
from rgbtbench.errors import RecipeError, ShardError, UnknownNameError, WeightsError
from rgbtbench.training.checkpoint import load_checkpoint
from rgbtbench.training.interruption import InterruptedTrainingError
from rgbtbench.training.metrics_log import read_metrics
from rgbtbench.training.run import train
from rgbtbench.zoo.load import load_model

from .recipes import AtStep, recipe
from .runs import lines_without_time, signalled


@pytest.fixture(scope="module")
def uninterrupted(blobs, tmp_path_factory):
    """Six steps in one go."""
    return train(recipe(), blobs, tmp_path_factory.mktemp("run") / "whole")


def test_a_run_folder_holds_everything_to_use_and_to_repeat_it(uninterrupted, blobs):
    folder = uninterrupted.folder
    assert {path.name for path in folder.iterdir()} == {
        "checkpoints", "environment.json", "logs", "metrics.jsonl", "recipe.yaml",
        "weights.json", "weights.safetensors",
    }  # fmt: skip
    resolved = load_recipe(folder / "recipe.yaml")
    assert resolved.inputs == {"rgb": "rgb", "inf": "lwir"}
    assert resolved.data.label_set == "semantic"
    facts = uninterrupted.info.training
    manifest = json.loads((blobs / "manifest.json").read_text())
    assert (facts.data_hash, facts.labels_hash) == (manifest["data_hash"], manifest["labels_hash"])
    assert (facts.step, facts.seed, facts.initial_weights) == (6, 3, "random")
    assert facts.data == ("blobs/train, 10 pairs",)
    assert json.loads((folder / "environment.json").read_text())["threads"] == torch.get_num_threads()
    assert [line["step"] for line in read_metrics(folder / "metrics.jsonl")] == [1, 2, 3, 4, 5, 6]
    assert [line["step"] for line in read_metrics(folder / "metrics.jsonl") if "validation" in line] == [2, 4, 6]


def test_a_network_may_lack_classes_of_the_data_and_is_scored_in_all_of_them(blobs, tmp_path):
    data = {"train": "train", "validation": "val", "without": ["background"]}
    done = train(recipe(steps=2, data=data), blobs, tmp_path / "run")
    assert done.info.model.classes == {1: "lamp", 4: "person"}
    assert load_recipe(done.folder / "recipe.yaml").data.without == ("background",)
    assert len(done.metrics) > 1
    with pytest.raises(RecipeError, match=r"data\.without: no class 'ground'"):
        train(recipe(steps=2, data={**data, "without": ["ground"]}), blobs, tmp_path / "other")
    with pytest.raises(RecipeError, match=r"data\.without leaves classes out of masks"):
        train(
            recipe(steps=2, data=data, task="detection", model={"method": "two_stream_fcos"}), blobs, tmp_path / "boxes"
        )


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_that_was_terminated_in_mid_epoch_ends_with_the_same_bits(blobs, tmp_path, uninterrupted, workers):
    listener = AtStep(3, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(InterruptedTrainingError, match="stopped by SIGTERM after step 3 of 6; resume the run"):
        train(recipe(), blobs, tmp_path / "run", workers=workers, progress=listener)
    assert not (tmp_path / "run" / "weights.safetensors").exists()
    result = train(recipe(), blobs, tmp_path / "run", workers=workers, resume=True)
    assert result.resumed_from == 3
    assert result.info.sha256 == uninterrupted.info.sha256
    assert lines_without_time(tmp_path / "run") == lines_without_time(uninterrupted.folder)


def test_a_run_that_was_killed_and_moved_ends_with_the_same_bits(blobs, tmp_path, uninterrupted):
    assert signalled(recipe(), blobs, tmp_path, signal.SIGKILL, after_step=4).returncode == -signal.SIGKILL
    assert len(read_metrics(tmp_path / "run" / "metrics.jsonl")) == 4
    moved = (tmp_path / "run").rename(tmp_path / "elsewhere")
    result = train(recipe(), blobs, moved, resume=True)
    assert result.resumed_from == 3
    assert result.info.sha256 == uninterrupted.info.sha256
    assert lines_without_time(moved) == lines_without_time(uninterrupted.folder)


def test_a_signal_to_the_whole_group_ends_a_run_between_two_steps(blobs, tmp_path):
    """As from a scheduler, from `timeout`, and by Ctrl-C."""
    ended = signalled(recipe(), blobs, tmp_path, signal.SIGTERM, "its group", after_step=4)
    assert "stopped by SIGTERM after step 4 of 6" in ended.stderr
    assert load_checkpoint(tmp_path / "run" / "checkpoints" / "last.pt")["done"] == 4


def test_a_finished_run_can_be_moved_and_is_still_found_finished(blobs, tmp_path, uninterrupted):
    moved = Path(shutil.copytree(uninterrupted.folder, tmp_path / "elsewhere" / "run"))
    assert train(recipe(), blobs, moved, resume=True).reused
    assert set(load_model(moved).state_dict()) == set(load_model(uninterrupted.folder).state_dict())
    written = [path.read_bytes() for path in moved.rglob("*") if path.is_file()]
    assert not any(str(uninterrupted.folder).encode() in content for content in written)


def test_workers_and_the_cache_change_no_bit(blobs, tmp_path, uninterrupted):
    assert train(recipe(), blobs, tmp_path / "run", workers=2, cached=True).info.sha256 == uninterrupted.info.sha256


def test_another_seed_gives_other_weights_of_the_same_group(blobs, tmp_path, uninterrupted):
    other = train(recipe(seed=4), blobs, tmp_path / "run")
    assert other.info.sha256 != uninterrupted.info.sha256
    assert other.info.training.seed_group == uninterrupted.info.training.seed_group


def test_a_folder_with_a_run_is_left_alone_unless_asked(blobs, uninterrupted):
    with pytest.raises(RecipeError, match=r"holds a finished run \(checkpoints, .*pass --resume"):
        train(recipe(), blobs, uninterrupted.folder)


def test_a_folder_with_other_files_is_left_alone_always(blobs, tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    for resume in (False, True):
        with pytest.raises(RecipeError, match="choose another folder"):
            train(recipe(), blobs, tmp_path, resume=resume)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_resuming_a_finished_run_says_so_and_does_nothing(blobs, uninterrupted):
    before = {path: path.stat().st_mtime_ns for path in uninterrupted.folder.rglob("*")}
    listener = AtStep()
    result = train(recipe(), blobs, uninterrupted.folder, resume=True, progress=listener)
    assert result.reused
    assert result.info == uninterrupted.info
    assert "finished; nothing to do" in listener.said[-1]
    assert {path: path.stat().st_mtime_ns for path in uninterrupted.folder.rglob("*")} == before


def test_resuming_with_another_recipe_is_refused(blobs, tmp_path, uninterrupted):
    with pytest.raises(RecipeError, match="begun with another recipe"):
        train(recipe(seed=9), blobs, uninterrupted.folder, resume=True)
    stopping = AtStep(1, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(InterruptedTrainingError):
        train(recipe(), blobs, tmp_path / "run", progress=stopping)
    with pytest.raises(RecipeError, match="begun with another recipe"):
        train(recipe(batch_size=5), blobs, tmp_path / "run", resume=True)


def test_a_damaged_checkpoint_is_named(blobs, tmp_path):
    stopping = AtStep(1, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(InterruptedTrainingError):
        train(recipe(), blobs, tmp_path / "run", progress=stopping)
    path = tmp_path / "run" / "checkpoints" / "last.pt"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(WeightsError, match=r"last\.pt: not a whole checkpoint"):
        train(recipe(), blobs, tmp_path / "run", resume=True)


def test_the_best_weights_on_validation_become_the_result(blobs, tmp_path):
    plan = {"steps": 30, "selection": "val", "validation": {"every_steps": 5}, "averaging": None, "clip_norm": None}
    result = train(recipe(**plan), blobs, tmp_path / "run")
    seen = {
        line["step"]: line["validation"]["miou"]
        for line in read_metrics(tmp_path / "run" / "metrics.jsonl")
        if "validation" in line
    }
    assert result.metrics["miou"] == max(seen.values())
    assert result.info.training.step == max(seen, key=seen.get)
    assert result.metrics["miou"] > 50


def test_without_selection_and_averaging_the_last_weights_become_the_result(blobs, tmp_path):
    result = train(recipe(averaging=None, data={"validation": None}), blobs, tmp_path / "run")
    state = torch.load(tmp_path / "run" / "checkpoints" / "last.pt", weights_only=True)
    loaded = load_model(result.folder).state_dict()
    assert all(torch.equal(loaded[key], tensor) for key, tensor in state["model"].items())
    assert result.metrics == {}


def test_training_can_start_from_weights(blobs, tmp_path, uninterrupted):
    plan = {"initial_weights": str(uninterrupted.weights), "optimiser": {"name": "sgd", "lr": 1e-12}, "steps": 1}
    result = train(recipe(**plan, averaging=None), blobs, tmp_path / "run")
    before, after = load_model(uninterrupted.folder).state_dict(), load_model(result.folder).state_dict()
    assert all(torch.allclose(before[key], after[key]) for key in before if key.endswith("conv.weight"))
    assert uninterrupted.info.sha256 in result.info.training.initial_weights


def test_accumulated_batches_see_the_samples_of_one_large_batch(blobs, tmp_path):
    """Without batch statistics both would be equal; the samples and the number of steps are."""
    train(recipe(batch_size=2, accumulate=2, steps=3), blobs, tmp_path / "small")
    train(recipe(batch_size=4, steps=3), blobs, tmp_path / "large")
    small, large = (read_metrics(tmp_path / name / "metrics.jsonl") for name in ("small", "large"))
    assert [line["epoch"] for line in small] == [line["epoch"] for line in large] == [0.4, 0.8, 1.2]
    assert small[0]["losses"]["cross_entropy"] == pytest.approx(large[0]["losses"]["cross_entropy"], rel=0.1)


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_mixed_precision_resumes_with_its_scaler(blobs, tmp_path, precision):
    # Small, because processors without half-precision arithmetic take their time.
    plan = recipe(precision=precision, data={"validation": None}, augmentations={"crop": [16, 16]}, steps=3)
    whole = train(plan, blobs, tmp_path / "whole")
    listener = AtStep(2, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(InterruptedTrainingError):
        train(plan, blobs, tmp_path / "run", progress=listener)
    assert "init: random" in listener.said
    assert train(plan, blobs, tmp_path / "run", resume=True).info.sha256 == whole.info.sha256


def test_a_loss_that_is_not_finite_stops_the_run_with_the_keys_of_the_batch(blobs, tmp_path):
    plan = recipe(optimiser={"name": "sgd", "lr": 1e30}, warm_up=None, clip_norm=None, averaging=None)
    with pytest.raises(
        RecipeError, match=r"not finite at step \d \(cross_entropy .*holds blobs/train-\d\d, .*lower optimiser"
    ):
        train(plan, blobs, tmp_path / "run")


def test_losses_are_chosen_and_weighed_by_the_recipe(blobs, tmp_path):
    losses = {"pixels": [{"name": "ohem_cross_entropy"}, {"name": "dice"}], "weights": {"dice": 0.0}}
    both = train(recipe(losses=losses, steps=2), blobs, tmp_path / "both")
    alone = train(recipe(losses={"pixels": losses["pixels"][:1]}, steps=2), blobs, tmp_path / "alone")
    terms = [line["losses"] for line in read_metrics(tmp_path / "both" / "metrics.jsonl")]
    assert [set(line) for line in terms] == [{"ohem_cross_entropy", "dice"}] * 2
    assert all(0 < line["dice"] < 1 for line in terms)
    # A term of weight 0 is reported and changes nothing, in training and in validation.
    states = [load_model(result.folder).state_dict() for result in (both, alone)]
    assert all(torch.equal(states[0][key], tensor) for key, tensor in states[1].items())
    assert both.metrics["loss"] == alone.metrics["loss"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"losses": {"weights": {"dice": 1}}}, r"losses\.weights: no term 'dice'"),
        (
            {"losses": {"pixels": [{"name": "focal", "class_weights": {"nothing": 2}}]}},
            r"losses\.pixels: class_weights: no class 'nothing'",
        ),
        (
            {
                "losses": {"pixels": [{"name": "focal"}]},
                "model": {"method": "mfnet", "config": {"class_weights": {"person": 2}}},
            },
            r"model\.config\.class_weights weighs the loss that losses\.pixels takes the place of",
        ),
        ({"freeze": {"parameters": "encoder"}}, r"freeze\.parameters: 'encoder' matches no parameter of mfnet"),
    ],
)
def test_losses_and_parameters_that_the_model_does_not_have_are_named(blobs, tmp_path, changes, message):
    with pytest.raises(RecipeError, match=message):
        train(recipe(**changes), blobs, tmp_path / "run")


def test_a_detector_has_no_losses_of_pixels_to_choose(blobs, tmp_path):
    plan = {"model": load_recipe("two_stream_fcos/smoke").model.model_dump(), "task": "detection"}
    with pytest.raises(RecipeError, match=r"losses\.pixels: two_stream_fcos has no class logits of pixels"):
        train(recipe(**plan, losses={"pixels": [{"name": "focal"}]}), blobs, tmp_path / "run")
    train(recipe(**plan, losses={"weights": {"centreness": 0.5}}, steps=1), blobs, tmp_path / "run2")


def test_what_is_frozen_does_not_move_and_its_statistics_neither(blobs, tmp_path, uninterrupted):
    plan = recipe(
        freeze={"parameters": "*", "but": "decode?"}, initial_weights=str(uninterrupted.weights), averaging=None
    )
    result = train(plan, blobs, tmp_path / "run")
    before, after = load_model(uninterrupted.folder).state_dict(), load_model(result.folder).state_dict()
    moved = {key for key, tensor in after.items() if not torch.equal(tensor, before[key])}
    assert moved == {key for key in after if key.startswith("decode")}


def test_curves_that_cannot_be_written_end_no_run(blobs, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    listener = AtStep()
    train(recipe(steps=1), blobs, tmp_path / "run", progress=listener)
    assert any("no TensorBoard curves" in line for line in listener.said)


class TestDataThatDoesNotFit:
    def test_a_modality_that_the_data_lacks(self, blobs, tmp_path):
        with pytest.raises(RecipeError, match=r"inputs\.inf takes 'nir', and blobs has rgb, lwir"):
            train(recipe(inputs={"rgb": "rgb", "inf": "nir"}), blobs, tmp_path / "run")

    def test_a_task_that_the_data_has_no_labels_for(self, blobs, tmp_path):
        plan = recipe(model={"method": "mit_saliency"}, task="saliency")
        with pytest.raises(RecipeError, match=r"needs labels of kind saliency, and blobs has .*semantic"):
            train(plan, blobs, tmp_path / "run")

    def test_a_split_that_the_data_lacks(self, blobs, tmp_path):
        with pytest.raises(ShardError, match="trian"):
            train(recipe(data={"train": "trian"}), blobs, tmp_path / "run")

    def test_a_method_that_does_not_do_the_task(self, blobs, tmp_path):
        """That is said first, although the data lacks labels of that kind as well."""
        with pytest.raises(RecipeError, match=r"mfnet does no detection; .*methods that do: .*two_stream_fcos"):
            train(recipe(task="detection"), blobs, tmp_path / "run")

    def test_a_condition_that_does_not_exist(self, blobs, tmp_path):
        with pytest.raises(UnknownNameError, match="did you mean swap"):
            train(recipe(condition="missing:lwir/swop"), blobs, tmp_path / "run")

    def test_data_that_is_not_prepared(self, tmp_path):
        with pytest.raises(ShardError):
            train(recipe(), tmp_path / "nowhere", tmp_path / "run")

    def test_nothing_is_left_behind(self, blobs, tmp_path):
        with pytest.raises(RecipeError):
            train(recipe(inputs={"rgb": "rgb"}), blobs, tmp_path / "run")
        assert not (tmp_path / "run").exists()
