"""Which sample comes when: a pure function of seed, epoch and index.

Nothing here knows about workers, so their number cannot change an order. Training is one endless stream of
passes over the split: position `p` lies in epoch `p // samples`, and a batch may take the last samples of one pass
and the first of the next. Nothing is dropped, every batch is full, and every sample is seen equally often.
Evaluation takes each sample exactly once, in official order, on any number of ranks.

All randomness comes from Philox, a counter-based generator (Salmon et al., "Parallel random numbers: as easy as 1, 2,
3", SC 2011): the key is (seed, epoch), the counter starts at (part, index, purpose), and no state is carried along.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import RecipeError


class Purpose(IntEnum):
    """What random numbers are for; each purpose has its own streams, so that none shifts another."""

    ORDER = 0
    AUGMENTATION = 1
    CONDITION = 2
    MIXTURE = 3


@dataclass(frozen=True, slots=True)
class Draw:
    """One place in a batch.

    Attributes:
        index: position of the sample in the split.
        epoch: pass over the split that it belongs to, from 0.
        valid: False where it only makes the ranks equally long and must count nowhere.
        member: position of the split among those of a mixture.
    """

    index: int
    epoch: int = 0
    valid: bool = True
    member: int = 0


def random_bits(*, seed: int, purpose: Purpose, epoch: int = 0, index: int = 0, part: int = 0) -> np.random.Philox:
    """Return the bit generator of one (seed, epoch, index, purpose, part); each number is 0 to 2^64 - 1.

    Args:
        seed: of the run.
        purpose: what the numbers are for.
        epoch: pass over the split.
        index: position of the sample in the split.
        part: independent streams for one sample, such as one per modality.
    """
    key, counter = np.array([seed, epoch], np.uint64), np.array([0, part, index, purpose], np.uint64)
    return np.random.Philox(key=key, counter=counter)


def shuffled(samples: int, *, seed: int, epoch: int = 0, purpose: Purpose = Purpose.ORDER) -> NDArray[np.int64]:
    """Return a permutation of `range(samples)`, int64 (samples,), read-only.

    Each index gets one 64-bit number and the indices are sorted by it: unlike `Generator.permutation`, whose
    algorithm NumPy may change, raw Philox output is the same in every version.
    """
    numbers = random_bits(seed=seed, epoch=epoch, purpose=purpose).random_raw(samples)
    order = np.argsort(numbers, kind="stable")
    order.flags.writeable = False
    return order


#: `shuffled`, remembering the last two: those of a batch that straddles two passes.
epoch_order = lru_cache(maxsize=2)(shuffled)


@dataclass
class TrainingStream:
    """This rank's part of every training batch, without end.

    The batch at `position` holds that and the following positions of the stream, whatever the number of ranks; rank `r`
    of `w` takes every `w`-th of them from the `r`-th on. Iterating starts at `position` and does not move it: whoever
    uses the batches says how far it has come.

    Attributes:
        samples: size of the split.
        batch_size: samples per step over all ranks together.
        seed: of the order.
        rank: this process, from 0.
        world: how many processes there are.
        position: where to start, counted over all ranks and epochs.

    Raises:
        RecipeError: the split is empty, or the batch cannot be shared evenly.
    """

    samples: int
    _: KW_ONLY
    batch_size: int
    seed: int
    rank: int = 0
    world: int = 1
    position: int = 0

    def __post_init__(self) -> None:
        require_shares(self.samples, batch_size=self.batch_size, rank=self.rank, world=self.world)

    def __iter__(self) -> Iterator[list[Draw]]:
        for first in itertools.count(self.position, self.batch_size):
            places = range(first + self.rank, first + self.batch_size, self.world)
            yield [draw_at(place, samples=self.samples, seed=self.seed) for place in places]

    @property
    def epoch_samples(self) -> int:
        """Length of an epoch."""
        return self.samples

    def state_dict(self) -> dict[str, Any]:
        """Return seed, split size and the place in the stream, counted over all ranks."""
        epoch, position = divmod(self.position, self.samples)
        return {"seed": self.seed, "samples": self.samples, "epoch": epoch, "position": position}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to where `state` was taken; batch size and ranks may have changed.

        Raises:
            RecipeError: the state is of another order.
        """
        if (state["seed"], state["samples"]) != (self.seed, self.samples):
            raise RecipeError(
                f"a stream of {self.samples} samples with seed {self.seed}",
                expected=f"{state['samples']} samples with seed {state['seed']}, as when the checkpoint was written",
                remedy="resume with the recipe and the data of the run",
            )
        self.position = state["epoch"] * self.samples + state["position"]


def draw_at(position: int, *, samples: int, seed: int) -> Draw:
    """Return what stands at `position` of the endless training stream."""
    epoch, within = divmod(position, samples)
    return Draw(index=int(epoch_order(samples, seed=seed, epoch=epoch)[within]), epoch=epoch)


def evaluation_batches(samples: int, *, batch_size: int, rank: int = 0, world: int = 1) -> list[list[Draw]]:
    """Return this rank's batches of one exact pass in official order.

    Rank `r` of `w` takes every `w`-th sample from the `r`-th on. All ranks get batches of equal number and size:
    where the samples run out, the last one is repeated with `valid=False`.

    Args:
        samples: size of the split.
        batch_size: samples per step on this rank; the last batch may be smaller.
        rank: this process, from 0.
        world: how many processes there are.

    Raises:
        RecipeError: the split is empty, or a number is out of range.
    """
    _check_ranks(samples, rank=rank, world=world)
    if batch_size < 1:
        raise RecipeError(f"a batch of {batch_size}", expected="at least one sample")
    positions = range(rank, -(-samples // world) * world, world)
    draws = [Draw(min(position, samples - 1), valid=position < samples) for position in positions]
    return [draws[first : first + batch_size] for first in range(0, len(draws), batch_size)]


def require_shares(samples: int, *, batch_size: int, rank: int, world: int) -> None:
    """Make sure that a training batch can be drawn, and shared evenly by all processes.

    Raises:
        RecipeError: no samples, no such rank, or a batch that cannot be shared evenly.
    """
    _check_ranks(samples, rank=rank, world=world)
    require_shared_batch(batch_size, world=world)


def require_shared_batch(batch_size: int, *, world: int) -> None:
    """Make sure that every process gets as much of a batch as the others; raises as `require_shares`."""
    if batch_size < 1 or batch_size % world:
        raise RecipeError(
            f"a batch of {batch_size} for {world} processes",
            expected="a positive multiple of the number of processes",
            remedy="change the batch size or the number of devices",
        )


def _check_ranks(samples: int, *, rank: int, world: int) -> None:
    if samples < 1:
        raise RecipeError("no samples to draw from", remedy="choose another split or another filter")
    if not 0 <= rank < world:
        raise RecipeError(f"rank {rank} of {world}", expected="a rank from 0 to one less than the number of processes")
