"""Counting FLOPs of a call with PyTorch's own counter. One multiplication with its addition is two FLOPs.

Counted are matrix products, convolutions and attention; not counted, as usual, are additions, normalisation,
activations and resizing. Attention is computed by matrix products while it is counted, because fused kernels are
counted on some devices and versions and not on others. Whatever runs twice counts twice, though its parameters count
once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, runtime_checkable

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

#: Operators of PyTorch that compute much and that its counter does not know in every version, by parts of their names.
_HEAVY: Final = ("lstm", "rnn", "gru_cell", "attention", "multi_head", "transformer_encoder")
_OWN: Final = ("aten", "prim", "prims", "profiler")


@runtime_checkable
class AnalyticFlops(Protocol):
    """A module that computes with kernels of its own, such as a selective scan, and says what they cost."""

    def analytic_flops(self, arguments: tuple[Any, ...], output: Any) -> int:
        """Return the FLOPs of one call beyond those of PyTorch's operators in it.

        Args:
            arguments: positional arguments of `forward`.
            output: what it returned.
        """


@dataclass(frozen=True, slots=True)
class FlopCount:
    """FLOPs of one call.

    Attributes:
        total: all that were counted.
        by_operator: operator or class of module to its part, the largest first.
        uncounted: operators that ran and compute much, or may, and that nothing is known of; their cost is missing.
    """

    total: int
    by_operator: Mapping[str, int] = field(default_factory=dict)
    uncounted: tuple[str, ...] = ()


def count_flops(call: Callable[[], object], module: nn.Module) -> FlopCount:
    """Return the FLOPs of a call.

    Args:
        call: runs the network once.
        module: the network; its modules may be `AnalyticFlops`.
    """
    counter, operators = FlopCounterMode(display=False), _Operators()
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        stack.enter_context(_unfused())
        analytic = stack.enter_context(_analytic(module, operators))
        # The counter takes operators apart and hands on what it finds in them, so it comes last.
        stack.enter_context(operators)
        stack.enter_context(counter)
        call()
    counted = counter.get_flop_counts().get("Global", {})
    parts = {_name(operator): int(flops) for operator, flops in counted.items()} | analytic
    known = set(counter.flop_registry)
    return FlopCount(
        total=sum(parts.values()),
        by_operator=dict(sorted(parts.items(), key=lambda part: (-part[1], part[0]))),
        uncounted=tuple(sorted(_name(operator) for operator in operators.found - known if _is_heavy(operator))),
    )


class _Operators(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes which operators run outside modules that say themselves what they cost."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: set[Any] = set()
        self.accounted_for = 0  # how many such modules the call is inside of

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if not self.accounted_for:
            self.found.add(func.overloadpacket)
        return func(*args, **(kwargs or {}))


@contextmanager
def _unfused() -> Iterator[None]:
    """Let encoder layers run as the products that they consist of."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


@contextmanager
def _analytic(module: nn.Module, operators: _Operators) -> Iterator[dict[str, int]]:
    """Collect what modules say of their own kernels while they run."""
    found: dict[str, int] = {}

    def enter(called: nn.Module, arguments: tuple[Any, ...]) -> None:
        operators.accounted_for += 1

    def leave(called: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
        operators.accounted_for -= 1
        if isinstance(called, AnalyticFlops):
            name = type(called).__name__
            found[name] = found.get(name, 0) + called.analytic_flops(arguments, output)

    hooks = []
    for part in module.modules():
        if isinstance(part, AnalyticFlops):
            hooks += [part.register_forward_pre_hook(enter), part.register_forward_hook(leave)]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _is_heavy(operator: Any) -> bool:
    namespace, _, name = _name(operator).partition(".")
    return namespace not in _OWN or any(part in name for part in _HEAVY)


def _name(operator: Any) -> str:
    return str(operator).removeprefix("torch.ops.")
