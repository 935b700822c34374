"""Trainings and predictions on a GPU, where the machine has one: blobs, the same networks as on the processor."""

from __future__ import annotations

import os
import signal

import cv2
import numpy as np
import pytest
import torch

from rgbtbench.errors import RecipeError
from rgbtbench.prediction import predict_weights
from rgbtbench.training.environment import describe_environment
from rgbtbench.training.interruption import InterruptedTrainingError
from rgbtbench.training.run import train

from .processes import BLOCKS, BOXES, PIXELS
from .recipes import AtStep, recipe
from .test_processes import losses

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU on this machine")

#: Sums of float32 in another order, and an optimiser that divides by the gradient's size.
TOLERANCE = 1e-3


@pytest.fixture(autouse=True)
def whole_float32(monkeypatch):
    """Convolutions of float32 as they are on a processor; a GPU would otherwise round their factors to 10 bits."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


@pytest.fixture
def little_memory():
    """Eight megabytes of a GPU of 80 GB."""
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1e-4)
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)


@pytest.mark.parametrize("plan", [PIXELS, BOXES], ids=["pixels", "boxes"])
def test_a_gpu_has_the_losses_of_a_processor(blobs, tmp_path, plan):
    processor = train(plan, blobs, tmp_path / "processor", device="cpu")
    gpu = train(plan, blobs, tmp_path / "gpu", device="cuda")
    assert losses(gpu.folder) == pytest.approx(losses(processor.folder), rel=TOLERANCE, abs=1e-5)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
def test_a_stopped_run_ends_with_the_same_bits(blobs, tmp_path, precision, workers):
    plan = recipe(precision=precision)
    whole = train(plan, blobs, tmp_path / "whole", device="cuda", workers=workers)
    listener = AtStep(3, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(InterruptedTrainingError):
        train(plan, blobs, tmp_path / "run", device="cuda", workers=workers, progress=listener)
    resumed = train(plan, blobs, tmp_path / "run", device="cuda", workers=workers, resume=True)
    assert resumed.resumed_from == 3
    assert resumed.info.sha256 == whole.info.sha256


def test_what_makes_a_training_faster_or_smaller_leaves_its_losses(blobs, tmp_path):
    plain = train(BLOCKS, blobs, tmp_path / "plain", device="cuda")
    plan = BLOCKS.model_copy(
        update={"compile": True, "channels_last": True, "activation_checkpointing": ("backbone*",)}
    )
    other = train(plan, blobs, tmp_path / "other", device="cuda", cached=True)
    assert losses(other.folder) == pytest.approx(losses(plain.folder), rel=0.02, abs=1e-3)


def test_masks_predicted_on_a_gpu_are_those_of_a_processor(blobs, tmp_path):
    run = train(BLOCKS, blobs, tmp_path / "run", device="cuda").folder
    folders = [
        predict_weights(run, blobs, "test", tmp_path / device, device=device, workers=2) for device in ("cpu", "cuda")
    ]
    names = [sorted(path.relative_to(folder) for path in folder.rglob("*.png")) for folder in folders]
    assert names[0] == names[1]
    assert len(names[0]) == 3
    for name in names[0]:
        processor, gpu = (cv2.imread(str(folder / name), cv2.IMREAD_UNCHANGED) for folder in folders)
        assert np.mean(processor == gpu) > 0.999


def test_a_gpu_without_room_for_the_weights_says_so(blobs, tmp_path, little_memory):
    with pytest.raises(RecipeError, match=r"out of memory with the [\d,]+ parameters of cmx"):
        train(recipe(model={"method": "cmx", "config": {"backbone": "b0"}}), blobs, tmp_path / "run", device="cuda")


def test_a_run_names_its_gpu():
    assert describe_environment(torch.device("cuda"), processes=1)["device"] == torch.cuda.get_device_name()
