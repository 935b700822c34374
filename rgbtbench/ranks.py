"""Several processes that do one piece of work together, each its own share, and what they tell each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among those that share the work.

    Attributes:
        rank: this process, from 0.
        world: how many there are.
    """

    rank: int = 0
    world: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process does what is done once."""
        return self.rank == 0

    def gathered(self, value: T) -> list[T]:
        """Return every process's value, in the order of ranks; all have to call it."""
        if self.world == 1:
            return [value]
        import torch.distributed

        values: list[Any] = [None] * self.world
        torch.distributed.all_gather_object(values, value)
        return values

    def first(self, work: Callable[[], T]) -> T:
        """Let the first process do something, and return to all what it returned; all have to call it.

        Raises:
            Exception: in every process, what `work` raised.
        """
        if self.world == 1:
            return work()
        done: tuple[Any, Exception | None] = None, None
        if self.is_first:
            try:
                done = work(), None
            except Exception as error:
                done = None, error
        value, failed = self.gathered(done)[0]
        if failed is not None:
            raise failed
        result: T = value
        return result


#: One process that does everything.
ALONE: Final = Ranks()


@contextmanager
def joined_ranks() -> Iterator[Ranks]:
    """Join the other processes inside the block, where `torchrun` started this one among several.

    They speak over the CPU (gloo). Where there are GPUs, each process takes the one of its local rank.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or "MASTER_ADDR" not in os.environ:
        yield ALONE
        return
    import torch

    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
    torch.distributed.init_process_group("gloo")
    try:
        yield Ranks(torch.distributed.get_rank(), torch.distributed.get_world_size())
    finally:
        torch.distributed.destroy_process_group()
