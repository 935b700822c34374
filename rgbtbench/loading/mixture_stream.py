"""The endless stream of a mixture: from turns to samples, for one rank of several."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from fractions import Fraction
from typing import Any, Final, Literal

from rgbtbench.canonical import content_sha256
from rgbtbench.errors import RecipeError
from rgbtbench.loading.mixture_order import InTurn, Shuffled, Turns, Walk, apportioned, member_seed
from rgbtbench.loading.sampler import Draw, require_shares

#: An epoch is laid out in memory; no training wants one that repeats its data more often than this.
_MOST_PASSES: Final = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """One member as the order sees it.

    Attributes:
        name: unique; its walk and its augmentation depend on it.
        samples: in its split.
        weight: relative share of what is drawn.
        group: members of one group share a turn in a round robin.
    """

    name: str
    samples: int
    weight: float
    group: str


@dataclass
class MixtureStream:
    """This rank's part of every training batch of a mixture, without end.

    Iterating starts at `position` and does not move it, as in `TrainingStream`.

    Attributes:
        parts: the members.
        round_robin: groups take turns; else all members share in proportion to their weights.
        single: a batch holds one member's samples; else it may hold several's.
        epoch: length of an epoch in samples; `sum` for all members' together, `longest` for as many as it takes until
            every member has been walked through. Rounded up to whole turns, as many for each group.
        batch_size: samples per step over all ranks together.
        seed: of all orders.
        rank: this process, from 0.
        world: how many processes there are.
        position: where to start, in samples, counted over all ranks and epochs.
        turns: member's name to its turns in an epoch.

    Raises:
        RecipeError: a member without samples, a batch that cannot be shared evenly, or an epoch too short for a turn
            of every member, or longer than any training wants.
    """

    parts: tuple[Part, ...]
    _: KW_ONLY
    round_robin: bool
    single: bool
    epoch: Literal["sum", "longest"] | int
    batch_size: int
    seed: int
    rank: int = 0
    world: int = 1
    position: int = 0
    turns: Mapping[str, int] = field(init=False)
    _order: Turns = field(init=False, repr=False)
    _walks: tuple[Walk, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        smallest = min(part.samples for part in self.parts)
        require_shares(smallest, batch_size=self.batch_size, rank=self.rank, world=self.world)
        rounds = self._rounds()
        self._order = InTurn(rounds) if len(rounds) > 1 else rounds[0]
        self.turns = {self.parts[member].name: turns for one in rounds for member, turns in one.counts.items()}
        self._walks = tuple(Walk(part.samples, seed=member_seed(self.seed, part.name)) for part in self.parts)

    @property
    def turn_samples(self) -> int:
        """How many samples a turn takes, over all ranks together."""
        return self.batch_size if self.single else 1

    @property
    def described(self) -> str:
        """What an epoch holds, in words."""
        unit = "batches" if self.single else "samples"
        shares = ", ".join(f"{turns} {unit} of {name}" for name, turns in self.turns.items())
        return f"an epoch of {self.epoch_samples} samples: {shares}"

    @property
    def epoch_samples(self) -> int:
        """How many samples make an epoch."""
        return sum(self.turns.values()) * self.turn_samples

    def __iter__(self) -> Iterator[list[Draw]]:
        for first in itertools.count(self.position, self.batch_size):
            yield [self.draw_at(place) for place in range(first + self.rank, first + self.batch_size, self.world)]

    def draw_at(self, place: int) -> Draw:
        """Return what stands at `place` of the endless stream, counted in samples."""
        turn, within = divmod(place, self.turn_samples)
        member, before = self._order.at(turn)
        return self._walks[member].at(before * self.turn_samples + within, member=member)

    def state_dict(self) -> dict[str, Any]:
        """Return a hash of everything that fixes the order, and the position."""
        return {"mixture": self._identity(), "position": self.position}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to where `state` was taken; the number of ranks may have changed.

        Raises:
            RecipeError: the state is of another mixture.
        """
        if state.get("mixture") != self._identity():
            raise RecipeError(
                "the checkpoint is of another mixture",
                expected="the same members, sizes, weights, batch size and seed",
                remedy="resume with the recipe and the data of the run",
            )
        self.position = state["position"]

    def _rounds(self) -> list[Shuffled]:
        """Return the rounds of each group; all take as many turns, and together make an epoch."""
        groups: dict[str, dict[int, Fraction]] = {}
        for member, part in enumerate(self.parts):
            groups.setdefault(part.group if self.round_robin else "", {})[member] = Fraction(part.weight)
        turns = max(self._turns_of(shares, len(groups)) for shares in groups.values())
        for shares in groups.values():
            if turns < len(shares):
                raise RecipeError(
                    f"an epoch with {turns} turns for {', '.join(self.parts[member].name for member in shares)}",
                    expected=f"at least {len(shares)}, one for each",
                    remedy="make data.mixing.epoch longer or batch_size smaller",
                )
        return [
            Shuffled(apportioned(shares, turns), seed=member_seed(self.seed, name)) for name, shares in groups.items()
        ]

    def _turns_of(self, shares: Mapping[int, Fraction], groups: int) -> int:
        """Return how many turns of an epoch a group takes for the length that is asked for."""
        if self.epoch != "longest":
            samples = sum(part.samples for part in self.parts) if self.epoch == "sum" else self.epoch
            return math.ceil(Fraction(samples, self.turn_samples * groups))
        needed = {member: math.ceil(Fraction(self.parts[member].samples, self.turn_samples)) for member in shares}
        turns = max(math.ceil(needed[member] * sum(shares.values()) / share) for member, share in shares.items())
        if turns > _MOST_PASSES * sum(needed.values()):
            raise RecipeError(
                f"an epoch of {turns} turns until every member has been walked through",
                expected=f"at most {_MOST_PASSES} times the turns that all members have",
                remedy="bring the weights closer together, or set data.mixing.epoch to sum or a number",
            )
        while any(count < needed[member] for member, count in apportioned(shares, turns).items()):
            turns += 1
        return turns

    def _identity(self) -> str:
        return content_sha256(
            {
                "parts": [[part.name, part.samples, part.weight, part.group] for part in self.parts],
                "rules": [self.round_robin, self.epoch, self.turn_samples, self.seed],
            }
        )
