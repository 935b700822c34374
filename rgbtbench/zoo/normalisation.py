"""How losses are normalised, so that one process and several minimise the same function."""

from __future__ import annotations

import torch
from torch import Tensor, distributed


def mean_over_processes(total: Tensor, count: Tensor) -> Tensor:
    """Return `total / count` with `count` averaged over all processes.

    Gradients are averaged over processes too, so that each pixel or box weighs the same wherever it lies: one
    process with a large batch and several with parts of it minimise the same function.
    """
    share = sum_over_processes(count.detach().to(torch.float32))
    return total / (share.clamp(min=1.0) / _processes())


def sum_over_processes(count: Tensor) -> Tensor:
    """Return the sum of a tensor over all processes of a run; no gradient goes through it."""
    if _processes() == 1:
        return count
    summed = count.detach().clone()
    distributed.all_reduce(summed)
    return summed


def greatest_over_processes(values: Tensor, count: int) -> Tensor:
    """Return the `count` greatest of the values (N,) of all processes, greatest first; fewer where there are fewer."""
    own = values.detach().topk(min(count, values.numel())).values
    if _processes() > 1:
        padded = own.new_full((count,), -torch.inf)
        padded[: own.numel()] = own
        parts = [torch.empty_like(padded) for _ in range(_processes())]
        distributed.all_gather(parts, padded)
        together = torch.cat(parts)
        own = together[together > -torch.inf]
        own = own.topk(min(count, own.numel())).values
    return own


def _processes() -> int:
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1
