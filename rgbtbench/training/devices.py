"""Where a training runs: device, precision and the processes that share it."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeVar

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision
from torch import Tensor, nn

from rgbtbench.cards.recipe import Precision
from rgbtbench.errors import RecipeError
from rgbtbench.ranks import Ranks
from rgbtbench.training.sharding import sharded_strategy

Device = Literal["auto", "cpu", "cuda"]
T = TypeVar("T")


class _Autocast(MixedPrecision):
    """Mixed precision without the conversion of inputs: batches hold integers, and models make floats of them."""

    def convert_input(self, data: Any) -> Any:
        return data


def make_fabric(*, device: Device, devices: int, precision: Precision, sharded: bool = False) -> Fabric:
    """Return the Fabric of this process; under `torchrun` it joins the others, on any number of machines.

    Args:
        device: `auto` takes a GPU where there is one.
        devices: on this machine; 1 where `torchrun` says how many.
        precision: of the products.
        sharded: share weights, gradients and the optimiser's state out among all processes.

    Raises:
        RecipeError: the device is not there, cannot do the precision, or there are not several to share anything.
    """
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    chosen = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    if chosen == "cuda" and not torch.cuda.is_available():
        raise RecipeError("no CUDA device on this machine", remedy="pass device cpu")
    devices, machines = _processes(devices)
    if chosen == "cuda" and torch.cuda.device_count() < devices:
        raise RecipeError(f"{devices} devices wanted and {torch.cuda.device_count()} there")
    if sharded and devices * machines == 1:
        raise RecipeError("one device has nothing to share out", remedy="take more devices, or do not shard")
    strategy = sharded_strategy(devices * machines) if sharded else "auto"
    where: dict[str, Any] = {"accelerator": chosen, "devices": devices, "num_nodes": machines, "strategy": strategy}
    if precision == "32-true":
        return Fabric(precision="32-true", **where)
    return Fabric(plugins=[_Autocast(precision, chosen)], **where)


def process_count(devices: int) -> int:
    """Return how many processes `make_fabric` gives a training, on all machines together."""
    here, machines = _processes(devices)
    return here * machines


def _processes(devices: int) -> tuple[int, int]:
    """Return the processes on each machine and the number of machines, as `torchrun` or a user says."""
    if not torch.distributed.is_torchelastic_launched():
        return devices, 1
    here, everywhere = int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ["WORLD_SIZE"])
    if devices not in (1, here):
        raise RecipeError(
            f"{devices} devices wanted, and torchrun started {here} processes", remedy="leave devices out"
        )
    return here, everywhere // here


def with_synchronised_statistics(model: nn.Module, fabric: Fabric) -> tuple[nn.Module, str | None]:
    """Return the model with batch statistics over all GPUs, and what a user should know about it."""
    normalises = any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in model.modules())
    if fabric.world_size == 1 or not normalises:
        return model, None
    if fabric.device.type != "cuda":
        return model, "batch statistics are per process: torch synchronises them on GPUs only"
    synchronised: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
    return synchronised, "batch statistics are taken over all devices"


def any_process(fabric: Fabric, *flags: bool) -> tuple[bool, ...]:
    """Return for each flag whether any process raised it, so that all take the same turn."""
    if fabric.world_size == 1:
        return flags
    votes = over_processes(fabric, torch.tensor(flags, dtype=torch.int64))
    return tuple(vote > 0 for vote in votes.tolist())


def over_processes(fabric: Fabric, counts: Tensor) -> Tensor:
    """Return the sum of a CPU tensor over all processes."""
    if fabric.world_size == 1:
        return counts
    return torch.as_tensor(fabric.all_reduce(counts.to(fabric.device), reduce_op="sum")).cpu()


def mean_over_processes(fabric: Fabric, values: Mapping[str, float]) -> dict[str, float]:
    """Return the mean of each value over all processes."""
    if fabric.world_size == 1 or not values:
        return dict(values)
    sums = over_processes(fabric, torch.tensor(list(values.values()), dtype=torch.float64))
    return dict(zip(values, (sums / fabric.world_size).tolist(), strict=True))


def share_statistics(fabric: Fabric, model: nn.Module) -> None:
    """Give all processes the batch statistics of the first, whose weights become the result."""
    if fabric.world_size > 1:
        for statistic in model.buffers():
            torch.distributed.broadcast(statistic, src=0)


def gathered(fabric: Fabric, value: T) -> list[T]:
    """Return every process's value, in the order of ranks."""
    return Ranks(fabric.global_rank, fabric.world_size).gathered(value)


@contextlib.contextmanager
def repeatable(device: torch.device) -> Iterator[None]:
    """Let GPU kernels give the same result every time inside the block, where torch has such kernels.

    Features of regions (RoIAlign) have none that ends in reasonable time: gradients of detectors of two stages may
    differ in their last bits.
    """
    if device.type != "cuda":
        yield
        return
    # Of matrix products; read once, before the first of a process.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    memory: Any = torch.utils.deterministic
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.backends.cudnn.benchmark,
        memory.fill_uninitialized_memory,
    )
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
    # It costs time, and nothing here reads what it has not written.
    memory.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        torch.backends.cudnn.benchmark = before[2]
        memory.fill_uninitialized_memory = before[3]
