"""Which of a row's training data is known to hold images that the row was evaluated on.

The facts are `datasets_cards/contamination.yaml`. They are looked up when a page is built, so that a contamination
that becomes known later marks the records that are there already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rgbtbench.cards import catalog
from rgbtbench.cards.contamination import Contamination, contaminations, contaminations_of, in_words
from rgbtbench.errors import UnknownNameError

#: A set as rows name it: `mfnet/train, 784 pairs`, `IR-500K`, `mfnet/train+val`.
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9_-]*)(?:/(?P<split>[a-z0-9][a-z0-9_+-]*))?")


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a row was evaluated on; split and edition are None where nobody states them."""

    dataset: str | None
    split: str | None = None
    edition: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A contamination of a row.

    Attributes:
        sentence: what is held of what, and how that is known.
        established: false where it is likely and nobody has counted.
    """

    sentence: str
    established: bool


def evaluated_by(protocol: str, dataset: str | None) -> Evaluated:
    """Return what a protocol evaluates; of a protocol that no card has only the dataset is known."""
    try:
        rules = catalog.protocol(protocol)
    except UnknownNameError:
        return Evaluated(dataset)
    return Evaluated(rules.dataset, rules.split, rules.edition)


def find_contaminations(seen: Iterable[str], evaluated: Evaluated) -> tuple[Found, ...]:
    """Return what is known against a row.

    Args:
        seen: all data that the weights were trained or pre-trained on, as rows name it.
        evaluated: what the row was evaluated on.
    """
    if evaluated.dataset is None:
        return ()
    named = [pair for text in seen for pair in _named_sets(text)]
    # A result may be on a union of splits too.
    splits = evaluated.split.split("+") if evaluated.split else [None]
    known = [pair for part in splits for pair in contaminations_of(evaluated.dataset, part, evaluated.edition)]
    own = {
        Found(f"{dataset}/{split} is what was evaluated", established=True): None
        for dataset, split in named
        if dataset == evaluated.dataset and split and not set(splits).isdisjoint(split.split("+"))
    }
    others = {
        Found(in_words(entry, held), established=entry.verified): None
        for entry, held in known
        if any(_concerns(entry, dataset, split) for dataset, split in named)
    }
    return tuple(own | others)


def _concerns(entry: Contamination, dataset: str, split: str | None) -> bool:
    if entry.training.dataset != dataset:
        return False
    # A row may name a part (`train-day`) or a union (`train+val`) of what the card calls a split.
    return split is None or entry.training.splits is None or any(name in split for name in entry.training.splits)


def _named_sets(text: str) -> Iterable[tuple[str, str | None]]:
    known = {_plain(name): name for name in {*contaminations().sets, *catalog.dataset_names()}}
    for match in _NAMED.finditer(text):
        # The part after the last hyphen may be an edition: `mfnet-excerpt20/train`.
        for written in (match["name"], match["name"].rpartition("-")[0]):
            if _plain(written) in known:
                yield known[_plain(written)], match["split"]
                break


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
