from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from rgbtbench.errors import WeightsError
from rgbtbench.training.checkpoint import load_checkpoint, random_state, restore_random_state, save_checkpoint


def draw() -> tuple[object, ...]:
    return (
        random.gauss(0, 1),
        random.shuffle(order := list(range(9))) or order,
        float(np.random.normal()),
        torch.rand(1).item(),
    )


def test_every_generator_goes_on_where_it_was_after_a_trip_through_a_file(tmp_path):
    draw()
    save_checkpoint(tmp_path / "c.pt", {"random": random_state()})
    expected = [draw() for _ in range(3)]
    restore_random_state(load_checkpoint(tmp_path / "c.pt")["random"])
    assert [draw() for _ in range(3)] == expected


def test_a_failure_while_writing_keeps_the_former_checkpoint_and_leaves_no_rest(tmp_path):
    save_checkpoint(tmp_path / "c.pt", {"step": 1})
    with pytest.raises(Exception, match="pickle"):
        save_checkpoint(tmp_path / "c.pt", {"step": 2, "bad": lambda: None})
    assert load_checkpoint(tmp_path / "c.pt")["step"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["c.pt"]


class Hostile:
    def __reduce__(self):
        return (open, ("executed", "w"))


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"format": "rgbtbench-checkpoint", "version": 1, "model": Hostile()}, tmp_path / "c.pt")
    with pytest.raises(WeightsError, match="holds more than tensors"):
        load_checkpoint(tmp_path / "c.pt")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"weights": 1}, "not a checkpoint of rgbtbench"),
        ({"format": "rgbtbench-checkpoint", "version": 9}, "version 9"),
    ],
)
def test_files_of_others_and_of_other_versions_are_named(tmp_path, content, message):
    torch.save(content, tmp_path / "c.pt")
    with pytest.raises(WeightsError, match=message):
        load_checkpoint(tmp_path / "c.pt")
