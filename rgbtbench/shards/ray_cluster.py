"""Shards built on a Ray cluster (Moritz et al., OSDI 2018): the same plan and the same bytes as on one machine.

One shard is one task. A task that was lost with its node is run again elsewhere; that is safe, because a shard is
written whole or not at all and its bytes depend on the plan alone.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, Final

from rgbtbench import __version__
from rgbtbench.errors import MissingExtraError, ShardError
from rgbtbench.processes import available_cores
from rgbtbench.progress import Progress
from rgbtbench.shards.destination import is_claimed
from rgbtbench.shards.fingerprint import MISSING, code_fingerprint
from rgbtbench.shards.shard_job import ShardJob, build_shard
from rgbtbench.stored_files import file_facts

#: How often a shard is begun again whose node, or process, was lost.
RETRIES: Final = 2
_SECONDS_TO_CONNECT: Final = 5.0
_SECONDS_TO_STOP: Final = 60.0
#: Bytes of shared memory of a cluster of our own: nothing but plans and errors travels through it.
_OBJECT_STORE: Final = 100 * 1024 * 1024
_HOST_AND_PORT = re.compile(r"(?:ray://)?(?P<host>[^/\[\]:]+|\[[^\]]+\]):(?P<port>\d+)")


class RayCluster:
    """An `Executor`: tasks on a Ray cluster.

    Args:
        address: `host:port`, `ray://host:port`, `auto` for a cluster that runs on this machine, or `local` to start
            one here for as long as it takes; None takes `RAY_ADDRESS` from the environment, and else `local`.

    Raises:
        MissingExtraError: ray is not installed.
        ShardError: nothing answers at the address.
    """

    def __init__(self, address: str | None = None) -> None:
        if importlib.util.find_spec("ray") is None:
            raise MissingExtraError(
                "--executor ray needs ray", remedy="pip install 'rgbtbench[cluster]', or leave the option out"
            )
        self.address = address or os.environ.get("RAY_ADDRESS") or "local"
        _require_answer(self.address)

    def build(self, jobs: Sequence[ShardJob], *, workers: int | None, progress: Progress) -> None:
        """Build shards; see `Executor.build`. None of `workers` is as many as the cluster has cores.

        Raises:
            ShardError: also when no cluster can be reached, or its nodes run other code or do not see the data.
        """
        if not jobs:
            return
        with _connected(self.address, workers):
            _run(jobs, workers, progress)


def _run(jobs: Sequence[ShardJob], workers: int | None, progress: Progress) -> None:
    ray: Any = import_module("ray")
    task = ray.remote(num_cpus=1, max_retries=RETRIES)(_build)
    waiting, running = iter(jobs), dict[Any, ShardJob]()
    try:
        while True:
            room = workers or max(int(ray.cluster_resources().get("CPU", 1)), 1)
            for job in waiting:
                running[task.remote(job)] = job
                if len(running) >= room:
                    break
            if not running:
                return
            done, _ = ray.wait(list(running))
            for reference in done:
                _result(reference)
                progress.advance(running.pop(reference).shard.samples)
    finally:
        _let_end(list(running), progress)


def _result(reference: Any) -> None:
    """Wait for a task; what it raised is raised as it was there."""
    import ray
    from ray import exceptions

    try:
        ray.get(reference)
    except exceptions.RayTaskError as error:
        if isinstance(error.cause, ModuleNotFoundError):
            raise ShardError(
                f"the cluster's nodes lack the package {error.cause.name}",
                remedy=f"install rgbtbench {__version__} and the dataset's module on every node",
            ) from error
        raise error.cause from error
    except exceptions.RayError as error:
        raise ShardError(
            f"a worker of the cluster ended unexpectedly {RETRIES + 1} times ({type(error).__name__}), "
            "perhaps for want of memory",
            remedy="run again with fewer workers (finished shards are re-used)",
        ) from error


def _let_end(references: list[Any], progress: Progress) -> None:
    """Wait a while for shards that were begun before an error or Ctrl-C; no other is begun."""
    import ray

    if references:
        # `ray.cancel` would be quicker, and aborts the calling process now and then (ray 2.60: "Tried to complete
        # task that was not pending").
        progress.say(f"waiting for {len(references)} shards that were begun; Ctrl-C abandons them")
        ray.wait(references, num_returns=len(references), timeout=_SECONDS_TO_STOP)


def _build(job: ShardJob) -> None:
    """Build one shard; runs on a node."""
    _require_same_world(job)
    build_shard(job, _nothing)


def _nothing() -> None:
    """Progress is counted by whole shards, where they are waited for."""


def _require_same_world(job: ShardJob) -> None:
    """Make sure that this node has the code and sees the data of the process that made the plan."""
    node = socket.gethostname()
    if code_fingerprint(job.source) != job.code:
        raise ShardError(
            f"node {node} runs other code than the process that made the plan",
            expected=f"rgbtbench {__version__} with the same dataset module",
            remedy="install the same version on every node",
        )
    if not is_claimed(job.out, job.card.name):
        raise ShardError(
            f"node {node} does not see this folder", path=job.out, remedy="name one that all nodes share, or an address"
        )
    seen = next((file for file in job.shard.inputs if file.size != MISSING), None)
    if seen is not None and file_facts(job.root / seen.path) != (seen.size, seen.version):
        raise ShardError(
            f"node {node} does not see {seen.path} as it was planned",
            path=job.root,
            remedy="name a folder that all nodes share, or an address; if the files changed meanwhile, run again",
        )


@contextmanager
def _connected(address: str, workers: int | None) -> Iterator[None]:
    """Be connected to a cluster; a connection that was there before is used and stays."""
    import ray

    if ray.is_initialized():
        yield
        return
    own: dict[str, Any] = {}
    if address == "local":
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a cluster of ours tells nobody about itself
        cores = workers or available_cores()
        own = {"num_cpus": cores, "include_dashboard": False, "object_store_memory": _OBJECT_STORE}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise _unreachable(address, f"{error}".strip().partition("\n")[0]) from error
    try:
        yield
    finally:
        ray.shutdown()


def _require_answer(address: str) -> None:
    # Ray itself takes a minute to find out, and may end the process then.
    named = _HOST_AND_PORT.fullmatch(address)
    if named is None:
        return
    with (
        suppress(OSError),
        socket.create_connection((named["host"].strip("[]"), int(named["port"])), timeout=_SECONDS_TO_CONNECT),
    ):
        return
    raise _unreachable(address, "nothing answers there")


def _unreachable(address: str, reason: str) -> ShardError:
    return ShardError(
        f"no Ray cluster can be reached at {address!r}: {reason}",
        remedy="start one with `ray start --head`, correct --ray-address or RAY_ADDRESS, or leave --executor ray out",
    )
