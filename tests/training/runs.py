"""Training in a process that gets a signal, and what two runs have in common."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from signal import Signals
from typing import Any

import yaml

from rgbtbench.cards.recipe import Recipe
from rgbtbench.training.metrics_log import read_metrics

#: Recipe, data, run, signal, whom it reaches, after which step, and seconds between two checkpoints.
SIGNALLED = """
import os, subprocess, sys, time, torch
from pathlib import Path
from rgbtbench.cards.recipe import load_recipe
from rgbtbench.progress import Silent
from rgbtbench.training.run import train
torch.set_num_threads(1)
recipe, data, run, number, reached, step, seconds = sys.argv[1:]
class Sender(Silent):
    done = 0
    def advance(self, count=1):
        self.done += count
        if self.done == int(step):
            # By another process: workers take a signal of their parent for the end of all work.
            subprocess.run(["kill", "-" + number, str(os.getpid()) if reached == "itself" else "0"])
            time.sleep(0.5)
train(load_recipe(recipe), Path(data), Path(run), checkpoint_seconds=float(seconds), workers=2, progress=Sender())
"""


def signalled(
    trained: Recipe,
    data: Path,
    folder: Path,
    number: Signals,
    reached: str = "itself",
    *,
    after_step: int,
    checkpoint_seconds: float = 0,
) -> subprocess.CompletedProcess[str]:
    """Train into `folder/run`, in a process and group of its own, that sends a signal to itself or to its group."""
    (folder / "recipe.yaml").write_text(yaml.safe_dump(trained.model_dump(mode="json")))
    places = (folder / "recipe.yaml", data, folder / "run")
    arguments = (*places, int(number), reached, after_step, checkpoint_seconds)
    command = [sys.executable, "-c", SIGNALLED, *map(str, arguments)]
    return subprocess.run(command, check=False, start_new_session=True, stderr=subprocess.PIPE, text=True)


def lines_without_time(run: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's log as two runs that are equal have them."""
    return [
        {name: value for name, value in line.items() if name not in ("seconds", "waited")}
        for line in read_metrics(run / "metrics.jsonl")
    ]
