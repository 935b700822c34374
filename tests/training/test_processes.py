from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from rgbtbench.training.metrics_log import read_metrics
from rgbtbench.zoo.weights_info import read_info

from .recipes import recipe

SCRIPT = """
import os, signal, sys, torch
from pathlib import Path
from rgbtbench.cards.recipe import load_recipe
from rgbtbench.progress import Silent
from rgbtbench.training.interruption import InterruptedTrainingError
from rgbtbench.training.run import train
torch.set_num_threads(1)
class Stopper(Silent):
    done = 0
    def advance(self, count=1):
        self.done += count
        if self.done == 3 and sys.argv[4] == "stop":
            os.kill(os.getpid(), signal.SIGTERM)
out = Path(sys.argv[3])
try:
    resume = sys.argv[4] == "resume"
    train(load_recipe(sys.argv[1]), Path(sys.argv[2]), out, device="cpu", devices=2, resume=resume, progress=Stopper())
except InterruptedTrainingError as error:
    print(error)
"""


@pytest.mark.slow
def test_two_processes_stop_together_and_resume_to_the_same_bits(blobs, tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe(selection="val").model_dump(mode="json")))

    def launch(out: Path, what: str) -> str:
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
        command = [*launcher, *map(str, (tmp_path / "train.py", tmp_path / "recipe.yaml", blobs, out)), what]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=200).stdout

    launch(tmp_path / "whole", "train")
    said = launch(tmp_path / "parts", "stop")
    assert "stopped by SIGTERM after step 3 of 6" in said
    assert "stopped by another process after step 3 of 6" in said
    launch(tmp_path / "parts", "resume")
    assert read_info(tmp_path / "parts").sha256 == read_info(tmp_path / "whole").sha256
    whole, parts = (read_metrics(tmp_path / name / "metrics.jsonl") for name in ("whole", "parts"))
    assert [line | {"seconds": 0, "waited": 0} for line in parts] == [
        line | {"seconds": 0, "waited": 0} for line in whole
    ]
