"""What a leaderboard ranks and shows: one `Row` per published number, scored file or measured run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rgbtbench.leaderboard.records import Kind

#: A warning that travels with a row; `MARKS` says what each means.
Mark = Literal[
    "random-init", "selected-on-test", "contaminated", "maybe-contaminated", "altered-input",
    "test-time-augmentation", "inconsistent", "uncommitted-code",
]  # fmt: skip

MARKS: Mapping[Mark, tuple[str, str]] = {
    "random-init": ("random init", "trained from random weights, without any pre-training"),
    "selected-on-test": ("selected on test", "the checkpoint was chosen by its score on the test split"),
    "contaminated": (
        "contaminated",
        "training or pre-training data holds test images, images made from them, or frames of the same videos",
    ),
    "maybe-contaminated": (
        "maybe contaminated",
        "training or pre-training data was made of sets whose test images it may hold; nobody has counted",
    ),
    "altered-input": ("altered input", "the input was changed on purpose; never ranked"),
    "test-time-augmentation": ("augmented test", "predictions were averaged over scales or flips of each test image"),
    "inconsistent": ("inconsistent source", "the source contradicts itself or another source"),
    "uncommitted-code": ("uncommitted code", "evaluated by code that differed from its commit"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is shown.

    Attributes:
        value: in the unit of its metric.
        digits: decimals that the source prints; null for the metric's own.
        low, high: bounds of the bootstrap interval over images or clusters.
        spread: sample standard deviation over seeds.
    """

    value: float
    digits: int | None = None
    low: float | None = None
    high: float | None = None
    spread: float | None = None


#: Metric key to figure; a metric that could not be computed is absent.
Figures = Mapping[str, Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One result under one protocol.

    Attributes:
        kind: published, scored or measured.
        name: the record's name, or `<table>:<line>` of a published table.
        address: where the source file lies, relative to the page.
        protocol: id, or `unknown`.
        protocol_version, protocol_hash: of the rules; both null for an unknown protocol, the hash null for
            published rows, which state a version only.
        keys_sha256: list of samples that was scored on; null where nobody knows it.
        dataset: name of the dataset; null where it cannot be told.
        condition: what was done to the input on purpose, or `none`.
        ablation: what an ablation study changed; null for a method's own result.
        metrics, per_class, subsets: figures overall, per class name, and per `<attribute>=<value>`; classes and
            subsets without any figure are absent.
        subset_images: subset to number of images.
        facts: label and value of everything else that a fair reader asks, in order.
        marks: warnings.
        seed, seed_group: runs of one group differ in their seed alone.
        created: ISO 8601 time of the record.
        supersedes: name of the record that this one replaces.
    """

    kind: Kind
    name: str
    address: str
    method: str
    variant: str | None = None
    inputs: tuple[str, ...] = ()
    condition: str = "none"
    ablation: str | None = None
    protocol: str
    protocol_version: int | None = None
    protocol_hash: str | None = None
    keys_sha256: str | None = None
    dataset: str | None = None
    metrics: Figures
    per_class: Mapping[str, Figures] = field(default_factory=dict)
    subsets: Mapping[str, Figures] = field(default_factory=dict)
    subset_images: Mapping[str, int] = field(default_factory=dict)
    facts: tuple[tuple[str, str], ...] = ()
    marks: tuple[Mark, ...] = ()
    seed: int | None = None
    seed_group: str | None = None
    created: str | None = None
    supersedes: str | None = None

    def fact(self, label: str) -> str | None:
        """Return the first fact of a label; null where the row states none."""
        return next((value for name, value in self.facts if name == label), None)
