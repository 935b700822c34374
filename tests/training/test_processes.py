"""Two processes that train together, as `torchrun` starts them on two machines: blobs, three methods."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys

import pytest
import torch

from rgbtbench.errors import RecipeError
from rgbtbench.training.checkpoint import load_checkpoint
from rgbtbench.training.devices import make_fabric
from rgbtbench.training.metrics_log import read_metrics
from rgbtbench.training.run import train
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.weights_info import read_info

from .processes import BLOCKS, BOXES, PIXELS
from .recipes import recipe
from .runs import lines_without_time

#: Sums of float32 in another order; four steps of an optimiser that divides by the gradient's size make more of it.
TOLERANCE = 1e-3


def elastic(rank: int, port: int) -> dict[str, str]:
    """Return what `torchrun` tells a process that is alone on its machine."""
    told = {"RANK": rank, "WORLD_SIZE": 2, "LOCAL_RANK": 0, "LOCAL_WORLD_SIZE": 1, "OMP_NUM_THREADS": 1}
    return {
        **{name: str(value) for name, value in told.items()},
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "TORCHELASTIC_RUN_ID": "test",
    }  # fmt: skip


@pytest.fixture(scope="module")
def together(blobs, tmp_path_factory):
    """Everything that `tests.training.processes` trains, with what the processes said."""
    out = tmp_path_factory.mktemp("together")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.training.processes", str(blobs), str(out)]
    started = [
        subprocess.Popen(
            command, env=os.environ | elastic(rank, port), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for rank in range(2)
    ]
    said = [process.communicate(timeout=250) for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    return out, [output for output, _ in said]


def losses(run):
    """Return the loss of every step and validation, and the metrics, as one list."""
    lines = read_metrics(run / "metrics.jsonl")
    return [value for line in lines for part in ("losses", "validation") for value in line.get(part, {}).values()]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "plan"), [("pixels", PIXELS), ("boxes", BOXES)])
def test_two_processes_have_the_losses_of_one_with_the_same_batches(blobs, tmp_path, together, name, plan):
    alone = train(plan, blobs, tmp_path / "alone")
    assert len(losses(alone.folder)) > 10
    assert losses(together[0] / name) == pytest.approx(losses(alone.folder), rel=TOLERANCE, abs=1e-6)


@pytest.mark.slow
def test_two_processes_stop_together_and_resume_to_the_same_bits(together):
    out, said = together
    assert "stopped by SIGTERM after step 3 of 6" in said[0]
    assert "stopped by another process after step 3 of 6" in said[1]
    assert read_info(out / "statistics-parts").sha256 == read_info(out / "statistics").sha256
    assert lines_without_time(out / "statistics-parts") == lines_without_time(out / "statistics")


@pytest.mark.slow
def test_sharded_weights_learn_what_whole_ones_learn(together):
    out, _ = together
    assert losses(out / "sharded") == pytest.approx(losses(out / "blocks"), rel=TOLERANCE, abs=1e-6)
    assert read_info(out / "sharded-parts").sha256 == read_info(out / "sharded").sha256
    whole, sharded = (load_model(out / name).state_dict() for name in ("blocks", "sharded"))
    for key, tensor in whole.items():
        torch.testing.assert_close(sharded[key], tensor, rtol=1e-2, atol=2e-3)


@pytest.mark.slow
def test_one_process_goes_on_from_a_checkpoint_of_sharded_weights(blobs, together):
    out, _ = together
    run = out / "sharded-moved"
    assert load_checkpoint(run / "checkpoints" / "last.pt")["done"] == 2
    result = train(BLOCKS, blobs, run, resume=True)
    assert result.resumed_from == 2
    assert len(losses(run)) == len(losses(out / "sharded"))


@pytest.mark.slow
def test_all_processes_name_all_samples_of_a_step_whose_loss_is_not_finite(together):
    first, second = (re.findall(r"the loss is not finite .*", said) for said in together[1])
    assert first == second
    assert len(set(re.findall(r"blobs/train-\d\d", first[0]))) == recipe().batch_size


def test_one_device_has_nothing_to_share_out(blobs, tmp_path):
    with pytest.raises(RecipeError, match="nothing to share out"):
        train(recipe(), blobs, tmp_path / "run", device="cpu", sharded=True)


@pytest.mark.parametrize("sharded", [False, True])
def test_torchrun_says_how_many_processes_and_machines_there_are(monkeypatch, sharded):
    for name, value in (elastic(3, 29500) | {"WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4", "LOCAL_RANK": "3"}).items():
        monkeypatch.setenv(name, value)
    fabric = make_fabric(device="cpu", devices=1, precision="32-true", sharded=sharded)
    assert fabric.strategy.num_nodes == 2
    assert fabric.strategy.num_processes == 4
    with pytest.raises(RecipeError, match="3 devices wanted, and torchrun started 4 processes"):
        make_fabric(device="cpu", devices=3, precision="32-true")


def test_a_batch_that_devices_cannot_share_is_refused_before_any_other_process_is_started(monkeypatch, blobs, tmp_path):
    monkeypatch.setattr("lightning_fabric.Fabric.launch", lambda _: pytest.fail("processes were started"))
    plan = recipe(stages=[{"name": "first", "steps": 2}, {"name": "second", "steps": 2, "batch_size": 2}], steps=None)
    with pytest.raises(RecipeError, match="a batch of 2 for 4 processes"):
        train(plan, blobs, tmp_path / "run", device="cpu", devices=4)
    assert not (tmp_path / "run").exists()


def test_a_batch_for_more_processes_than_it_has_samples_is_refused(monkeypatch, blobs, tmp_path):
    """What each of eight processes meets, before any of them waits for another."""
    from rgbtbench.training import resolution

    training = resolution.resolve_training(recipe(batch_size=4), blobs)
    with pytest.raises(RecipeError, match="a batch of 4 for 8 processes"):
        resolution.stage_spans([training.recipe], training.data, rank=7, world=8)
