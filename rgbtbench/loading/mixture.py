"""Several prepared splits as one stream of training batches.

A batch holds the samples of one member, so that members may differ in modalities and sizes, or of several, where all
have the same ones. Every batch says which dataset each sample came from. The order is that of
`rgbtbench.loading.mixture_stream`: a pure function of the seed and the place in the stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from rgbtbench.cards.augmentations import Augmentations
from rgbtbench.cards.data_choice import Mixing
from rgbtbench.cards.schema import Use
from rgbtbench.errors import RecipeError
from rgbtbench.loading.items import MixtureItems, SampleItems
from rgbtbench.loading.loader import TrainLoader, joined, target_kind
from rgbtbench.loading.mixture_order import member_seed
from rgbtbench.loading.mixture_stream import MixtureStream, Part
from rgbtbench.loading.prepared import PreparedSplit


@dataclass(frozen=True, slots=True)
class MixtureMember:
    """One split of a mixture.

    Attributes:
        split: its samples, in the label space and with the modalities that training is to use.
        label_set: where targets come from; None in pre-training.
        weight: relative share of what is drawn; None for the number of samples.
        missing: modalities that batches hold as a fill, because a model wants them and the split has none.
    """

    split: PreparedSplit
    label_set: str | None
    weight: float | None = None
    missing: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Dataset and split: unique in a mixture."""
        return f"{self.split.manifest.dataset}/{self.split.name}"

    @property
    def modalities(self) -> frozenset[str]:
        """Those that batches hold, fills included."""
        return frozenset(self.split.modalities) | frozenset(self.missing)

    def cached(self) -> MixtureMember:
        """Return the member with decoded images kept in memory."""
        return replace(self, split=self.split.cached())


@dataclass(frozen=True, slots=True)
class Mixture:
    """Members, and how their samples become one stream.

    Attributes:
        members: at least one, of different names.
        by: `weights`, all share in proportion to their weights; `round_robin`, they take turns.
        over: what takes turns: `datasets`, every member; `modalities`, the sets of modalities that members have.
        batches: `single`, a batch holds one member's samples; `mixed`, it holds several's.
        epoch: samples of an epoch: `sum`, `longest` or a number; see `MixtureStream`.

    Raises:
        RecipeError: two members of one name, or mixed batches of members with different modalities.
    """

    members: tuple[MixtureMember, ...]
    by: Literal["weights", "round_robin"] = "weights"
    over: Literal["datasets", "modalities"] = "datasets"
    batches: Literal["single", "mixed"] = "single"
    epoch: Literal["sum", "longest"] | int = "sum"

    def __post_init__(self) -> None:
        names = [member.name for member in self.members]
        if len(set(names)) != len(names):
            raise RecipeError(f"a split is twice in a mixture: {', '.join(names)}")
        if self.batches == "mixed" and len({member.modalities for member in self.members}) > 1:
            sets = "; ".join(f"{member.name}: {', '.join(sorted(member.modalities))}" for member in self.members)
            raise RecipeError(
                f"mixed batches of members with different modalities ({sets})",
                expected="the same modalities in all",
                remedy="set data.mixing.batches to single, or let the members' inputs fill in with null",
            )

    @classmethod
    def of(cls, members: Sequence[MixtureMember], rules: Mixing) -> Mixture:
        """Return the mixture that a recipe's rules describe; raises as the class does."""
        return cls(tuple(members), by=rules.by, over=rules.over, batches=rules.batches, epoch=rules.epoch)

    def stream(self, *, batch_size: int, seed: int, rank: int = 0, world: int = 1) -> MixtureStream:
        """Return the order of its samples; arguments and errors are those of `MixtureStream`."""
        return MixtureStream(
            tuple(
                Part(
                    member.name,
                    len(member.split),
                    float(len(member.split)) if member.weight is None else member.weight,
                    member.name if self.over == "datasets" else "+".join(sorted(member.split.modalities)),
                )
                for member in self.members
            ),
            round_robin=self.by == "round_robin",
            single=self.batches == "single",
            epoch=self.epoch,
            batch_size=batch_size,
            seed=seed,
            rank=rank,
            world=world,
        )


def mixture_loader(
    mixture: Mixture,
    *,
    task: Use,
    batch_size: int,
    seed: int,
    augmentations: Augmentations | None = None,
    workers: int = 0,
    rank: int = 0,
    world: int = 1,
) -> TrainLoader:
    """Return an endless stream of mixed, augmented batches with targets.

    Args:
        mixture: the members, all in one label space.
        task: which targets batches carry; none in pre-training.
        batch_size: samples per step over all ranks together; the same global batches come for any `world`.
        seed: of order and augmentation.
        augmentations: None or the default change nothing.
        workers: processes that decode; 0 decodes in this one.
        rank: this process, from 0.
        world: how many processes share each batch.

    Raises:
        RecipeError: no samples, a batch that the ranks cannot share evenly, or an epoch that is too short.
    """
    rules = augmentations or Augmentations()
    items = tuple(
        SampleItems(
            member.split.only(label_sets=() if member.label_set is None else (member.label_set,)),
            task,
            member.label_set,
            rules=rules,
            seed=member_seed(seed, member.name),
            missing=member.missing,
        )
        for member in mixture.members
    )
    stream = mixture.stream(batch_size=batch_size, seed=seed, rank=rank, world=world)
    join = partial(joined, target=target_kind(task), canvas=rules.crop)
    return TrainLoader(MixtureItems(items), join, stream, workers=workers)
