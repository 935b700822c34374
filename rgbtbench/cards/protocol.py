"""Schema of an evaluation protocol: everything that can change a number, and nothing else."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rgbtbench.cards.rules import Rules
from rgbtbench.cards.schema import AttributeValue, Name, ProtocolName, Splits, Strict, Task


class IntervalRules(Strict):
    """Percentile bootstrap of the metric over clusters of images."""

    unit: Literal["cluster", "image"] = Field("cluster", description="cluster: the card's clusters")
    resamples: int = Field(2000, ge=100, le=100_000)
    level: float = Field(0.95, gt=0.5, lt=1.0)
    seed: int = 0


class _Conventions(Strict):
    """What a protocol fixes, whichever edition of the data it is applied to."""

    version: int = Field(1, ge=1, description="raised when a rule changes; old records keep theirs")
    summary: str
    task: Task
    split: Splits
    label_set: Name
    label_space: Literal["native", "unified"] = "native"
    where: dict[Name, AttributeValue] = Field(default_factory=dict, description="only samples with these attributes")
    rules: Rules
    report_by: tuple[Name, ...] = Field((), description="attributes whose values become subsets of the result")
    intervals: IntervalRules = IntervalRules()
    source: str | None = Field(None, description="paper or tool that the rules follow")

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that are scored as one set; mostly one."""
        return tuple(self.split.split("+"))


class ProtocolBlock(_Conventions):
    """A protocol as written in a dataset's card: one block, and one protocol for each edition it names."""

    editions: tuple[Name, ...] = Field(("official",), min_length=1)


class GenericBlock(_Conventions):
    """A protocol without a dataset, for labels that lie in files of anyone."""

    split: Splits = "all"


class GenericProtocols(Strict):
    """The file `generic.yaml`: protocols without a dataset, by name."""

    protocols: dict[ProtocolName, GenericBlock]


class Protocol(_Conventions):
    """A protocol of one edition, with the id that it is known by: `<dataset>[-<edition>]/<name>`.

    Those without a dataset have the dataset `generic`.
    """

    id: str
    dataset: Name
    edition: Name
    classes: tuple[str, ...] | None = Field(None, description="names of the ids 0, 1, … where no card names them")
