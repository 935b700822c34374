"""Streets that kill the process that opens them, or take their time, for worker processes of a cluster."""

import os
import signal
import time
from pathlib import Path

from rgbtbench.shards.build import prepare
from rgbtbench.shards.ray_cluster import RayCluster

from .street import SMALL_SHARDS, Street, card


class Deadly(Street):
    """Kills the process that opens `train_0003`: once, if `mark` is a file that does not exist yet, else always."""

    def __init__(self, mark=None):
        self.mark = mark

    def pair(self, root, layout, entry):
        if entry.key == "train_0003" and not (self.mark and Path(self.mark).exists()):
            if self.mark:
                Path(self.mark).write_text("")
            os.kill(os.getpid(), signal.SIGKILL)
        return super().pair(root, layout, entry)


class Slow(Street):
    def pair(self, root, layout, entry):
        if entry.split == "train":
            time.sleep(0.5)
        return super().pair(root, layout, entry)


def prepare_slowly(root, out, address):
    prepare(Slow(), card(), Path(root), Path(out), options=SMALL_SHARDS, executor=RayCluster(address), workers=2)
