"""Loops over pixels that no library has: written plainly, and compiled when they are first called."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile a function at its first call with each type of arguments, which takes seconds, and keep that on disk.

    It lets other threads run meanwhile. Where neither the function's folder nor the user's cache can be written to,
    each process compiles it again.
    """
    try:
        return cast("Function", njit(nogil=True, cache=True)(function))
    except RuntimeError:  # there is no folder for the cache
        return cast("Function", njit(nogil=True)(function))
