"""Where shards are built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rgbtbench.errors import ShardError
from rgbtbench.progress import Progress
from rgbtbench.shards.ray_cluster import RayCluster
from rgbtbench.shards.shard_job import ShardJob
from rgbtbench.shards.workers import LocalProcesses


class Executor(Protocol):
    """Something that builds shards, several at a time; what it writes is the same whatever it is."""

    def build(self, jobs: Sequence[ShardJob], *, workers: int | None, progress: Progress) -> None:
        """Build shards. Those that were finished before an error or Ctrl-C stay, and no reader sees the others.

        Args:
            jobs: one per shard.
            workers: shards that are built at a time; None for as many as there are cores.
            progress: is told of samples.

        Raises:
            ShardError: the disk is full, or a worker ended unexpectedly.
            StoreError: a store does not answer.
        """


def executor_of(name: str, *, ray_address: str | None = None) -> Executor:
    """Return the executor `local` or `ray`.

    Args:
        name: which.
        ray_address: of the cluster; see `RayCluster`.

    Raises:
        MissingExtraError: ray is not installed.
        ShardError: no cluster answers at the address, or there is one and the executor is not `ray`.
    """
    if name == "ray":
        return RayCluster(ray_address)
    if ray_address is not None:
        raise ShardError("--ray-address without --executor ray", remedy="add it, or leave the address out")
    return LocalProcesses()
