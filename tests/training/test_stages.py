"""Training in stages: blobs, MFNet; first the decoder alone, then everything from the best weights."""

from __future__ import annotations

import os
import signal

import pytest
import torch

from rgbtbench.errors import RecipeError
from rgbtbench.training.interruption import InterruptedTrainingError
from rgbtbench.training.metrics_log import read_metrics
from rgbtbench.training.run import train
from rgbtbench.zoo.load import load_model

from .recipes import AtStep, recipe
from .runs import lines_without_time, signalled

STAGES = (
    {"name": "decoder", "steps": 4, "freeze": {"parameters": "*", "but": "decode?"}},
    {
        "name": "everything", "steps": 3, "begin_with": "best", "batch_size": 2, "warm_up": {"steps": 1},
        "optimiser": {"name": "sgd", "lr": 0.01}, "schedule": {"name": "constant"},
    },
)  # fmt: skip


def staged(**changes):
    return recipe(steps=None, stages=[dict(stage) for stage in STAGES], **changes)


@pytest.fixture(scope="module")
def uninterrupted(blobs, tmp_path_factory):
    listener = AtStep()
    result = train(staged(), blobs, tmp_path_factory.mktemp("run") / "whole", progress=listener)
    return result, listener


def test_each_stage_has_its_own_steps_rates_and_batches(uninterrupted):
    result, listener = uninterrupted
    lines = read_metrics(result.folder / "metrics.jsonl")
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5, 6, 7]
    assert [line["stage"] for line in lines] == [0] * 4 + [1] * 3
    assert [line["lr"] for line in lines][4:] == [0.01] * 3
    assert [line["epoch"] for line in lines] == pytest.approx([0.4, 0.8, 1.2, 1.6, 1.8, 2.0, 2.2])
    assert [line["step"] for line in lines if "validation" in line] == [2, 4, 6, 7]
    assert (result.info.training.step, result.info.training.steps) == (7, 7)
    trained, everything = (
        sum(p.numel() for n, p in load_model(result.folder).named_parameters() if n.startswith(s))
        for s in ("decode", "")
    )
    assert any(
        said == f"stage 1 of 2, decoder: 4 steps, {trained:,} of {everything:,} parameters" for said in listener.said
    )
    assert any(
        said == f"stage 2 of 2, everything: 3 steps, {everything:,} of {everything:,} parameters"
        for said in listener.said
    )


@pytest.mark.parametrize("step", [2, 4, 5])
def test_a_run_that_was_terminated_in_any_stage_ends_with_the_same_bits(blobs, tmp_path, uninterrupted, step):
    """In the first stage, between the two, and in the second."""
    listener = AtStep(step, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(InterruptedTrainingError, match=f"stopped by SIGTERM after step {step} of 7"):
        train(staged(), blobs, tmp_path / "run", progress=listener)
    result = train(staged(), blobs, tmp_path / "run", workers=2, resume=True)
    assert result.resumed_from == step
    assert result.info.sha256 == uninterrupted[0].info.sha256
    assert lines_without_time(tmp_path / "run") == lines_without_time(uninterrupted[0].folder)


def test_a_run_that_was_killed_after_the_next_stage_chose_its_own_best_ends_with_the_same_bits(
    blobs, tmp_path, uninterrupted
):
    """Killed in the step after the validation of step 6, whose weights took the place of the first stage's best."""
    whole = train(staged(selection="val"), blobs, tmp_path / "whole")
    ended = signalled(staged(selection="val"), blobs, tmp_path, signal.SIGKILL, after_step=6, checkpoint_seconds=1e9)
    assert ended.returncode == -signal.SIGKILL
    result = train(staged(selection="val"), blobs, tmp_path / "run", resume=True)
    assert result.resumed_from == 4
    assert result.info.sha256 == whole.info.sha256
    assert lines_without_time(tmp_path / "run") == lines_without_time(tmp_path / "whole")


def test_a_stage_begins_with_the_best_weights_of_the_one_before(blobs, tmp_path):
    """A second stage that all but stands still shows them."""
    still = {"optimiser": {"name": "sgd", "lr": 1e-30, "momentum": 0}, "freeze": {"statistics": "*"}, "steps": 1}
    stages = [
        {"name": "first", "steps": 6},
        {"name": "second", "begin_with": "best", **still},
    ]
    result = train(
        recipe(steps=None, stages=stages, validation={"every_steps": 1}, averaging=None), blobs, tmp_path / "run"
    )
    seen = [line["validation"]["miou"] for line in read_metrics(tmp_path / "run" / "metrics.jsonl")]
    assert max(seen[:6]) > seen[5]
    assert result.metrics["miou"] == seen[6] == pytest.approx(max(seen[:6]))


def test_what_a_later_stage_asks_for_in_vain_is_said_before_the_first_begins(blobs, tmp_path):
    stages = [STAGES[0], STAGES[1] | {"freeze": {"parameters": "encoder"}}]
    with pytest.raises(RecipeError, match=r"freeze\.parameters: 'encoder' matches no parameter of mfnet"):
        train(recipe(steps=None, stages=stages), blobs, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_one_stage_alone_is_a_training_without_stages(blobs, tmp_path):
    stage = train(recipe(steps=None, stages=[{"name": "only", "steps": 3}]), blobs, tmp_path / "stage")
    plain = train(recipe(steps=3), blobs, tmp_path / "plain")
    states = [load_model(result.folder).state_dict() for result in (stage, plain)]
    assert all(torch.equal(states[0][key], tensor) for key, tensor in states[1].items())
