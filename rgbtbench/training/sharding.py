"""Weights, gradients and optimiser states shared out among processes, for models that one device has no room for.

torch's `fully_shard`, by Fabric's `ModelParallelStrategy`. Whatever leaves the training is whole again: checkpoints and
weights are those of a run whose processes each hold everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lightning_fabric.strategies.model_parallel import ModelParallelStrategy
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.optim import Optimizer


def sharded_strategy(processes: int) -> ModelParallelStrategy:
    """Return the strategy that shares every model out among so many processes."""
    return ModelParallelStrategy(_shard, data_parallel_size=processes, tensor_parallel_size=1)


def _shard(model: nn.Module, mesh: DeviceMesh) -> nn.Module:
    """Share out each member of a list of modules, such as a transformer's blocks, by itself, and then the rest."""
    members = {
        member for parent in model.modules() if isinstance(parent, nn.ModuleList) for member in parent.children()
    }
    for module in reversed(list(model.modules())):
        if module in members and any(True for _ in module.parameters()):
            fully_shard(module, mesh=mesh["data_parallel"])
    fully_shard(model, mesh=mesh["data_parallel"])
    return model


@contextmanager
def whole_weights(model: nn.Module) -> Iterator[None]:
    """Let every process hold all weights inside the block, so that each may call any part of the model as it likes.

    Every process has to enter and leave; models that are not shared out are left as they are.
    """
    units = [module for module in model.modules() if isinstance(module, FSDPModule)]
    for unit in units:
        unit.set_reshard_after_forward(False, recurse=False)
        unit.unshard()
    try:
        yield
    finally:
        for unit in units:
            unit.set_reshard_after_forward(unit is not model, recurse=False)
            unit.reshard()


def whole(value: Any) -> Any:
    """Return plain data with tensors that are shared out whole, on the CPU; every process has to call this."""
    if isinstance(value, DTensor):
        return value.full_tensor().cpu()
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return value


def load_whole(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Load whole tensors into a model, each process its part; every process has to call this."""
    own = model.state_dict()
    model.load_state_dict({key: part_of(tensor, own.get(key)) for key, tensor in state.items()})


def load_whole_optimiser(optimiser: Optimizer, state: Mapping[str, Any]) -> None:
    """Load an optimiser's state of whole tensors, each process its part; every process has to call this."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    entries = {
        number: {
            name: part_of(value, parameters[number]) if isinstance(value, Tensor) and value.ndim else value
            for name, value in entry.items()
        }
        for number, entry in state["state"].items()
    }
    optimiser.load_state_dict({**state, "state": entries})


def part_of(tensor: Tensor, own: Tensor | None) -> Tensor:
    """Return what this process holds of a whole tensor, shared out as `own` is; every process has to call this."""
    if not isinstance(own, DTensor):
        return tensor
    return distribute_tensor(tensor.to(own.device), own.device_mesh, own.placements)
