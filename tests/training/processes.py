"""What each of two processes does for `test_processes`: `python -m tests.training.processes DATA OUT`."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import torch
import torch.distributed

from rgbtbench.errors import RecipeError
from rgbtbench.training.interruption import InterruptedTrainingError
from rgbtbench.training.run import train

from .recipes import AtStep, recipe

#: Nothing in them depends on which samples a process holds: no batch statistics, no random numbers of the network.
_ALONE = {"freeze": {"statistics": "*"}, "steps": 3, "validation": {"every_steps": 2}}
PIXELS = recipe(
    losses={"pixels": [{"name": "cross_entropy"}, {"name": "ohem_cross_entropy"}, {"name": "dice"}]},
    batch_size=2,
    accumulate=2,
    **_ALONE,
)
BOXES = recipe(
    model={"method": "two_stream_fcos", "config": {"widths": [8, 16, 32], "levels": 2, "head_channels": 32}},
    task="detection",
    **_ALONE,
)
#: A transformer, whose blocks are shared out one by one; with dropout, so only alike for two processes and two.
BLOCKS = recipe(
    model={"method": "segformer", "config": {"backbone": "b0", "head_width": 32}},
    selection="val",
    **_ALONE,
)
STATISTICS = recipe(selection="val")
DIVERGING = recipe(optimiser={"name": "sgd", "lr": 1e30}, warm_up=None, clip_norm=None, averaging=None)


def main(data: Path, out: Path) -> None:
    """Train alone and together, to the end and in parts."""
    torch.set_num_threads(1)

    def run(name: str, plan: Any, **options: Any) -> None:
        train(plan, data, out / name, device="cpu", **options)

    def stop(name: str, plan: Any, step: int, **options: Any) -> None:
        try:
            run(name, plan, progress=AtStep(step, lambda: os.kill(os.getpid(), signal.SIGTERM)), **options)
        except InterruptedTrainingError as error:
            print(error)

    run("pixels", PIXELS)
    run("boxes", BOXES)
    run("statistics", STATISTICS)
    stop("statistics-parts", STATISTICS, 3)
    run("statistics-parts", STATISTICS, resume=True)
    run("blocks", BLOCKS)
    run("sharded", BLOCKS, sharded=True)
    stop("sharded-parts", BLOCKS, 2, sharded=True)
    if torch.distributed.get_rank() == 0:
        shutil.copytree(out / "sharded-parts", out / "sharded-moved")
    torch.distributed.barrier()
    run("sharded-parts", BLOCKS, resume=True, sharded=True)
    try:
        run("diverging", DIVERGING)
    except RecipeError as error:
        print(error)
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
