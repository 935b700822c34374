"""Facts of a dataset card in words: where the files are, on which terms, how many samples."""

from __future__ import annotations

from typing import Final

from rgbtbench.cards.dataset import DatasetCard, Edition, Licence, Link, ModalityFacts, SplitFacts
from rgbtbench.cards.schema import Use

#: What a dataset is made for, in the field's words.
USE_IN_WORDS: Final[dict[Use, str]] = {
    "semantic": "semantic segmentation",
    "detection": "object detection",
    "saliency": "salient object detection",
    "language": "vision and language",
    "pretraining": "pre-training on pairs without labels",
}
_ACCESS: Final = {
    "open": "open, without a form",
    "registration": "after registration",
    "request": "on request to the authors",
    "generated": "generated on your own machine",
}
_COMMERCIAL: Final = {
    "yes": "commercial use allowed",
    "no": "no commercial use",
    "unknown": "commercial use not stated",
}


def access_in_words(card: DatasetCard) -> str:
    """Return how the files are given out."""
    return _ACCESS[card.source.access]


def link_in_words(link: Link) -> str:
    """Return an address with the code that it asks for, what lies there, and whose copy it is."""
    code = link.code and f"code {link.code}"
    copy = None if link.official else "a copy by third parties"
    first, *others = [part for part in (link.url, code, link.holds, copy) if part]
    return first + (f" ({', '.join(others)})" if others else "")


def terms_in_words(licence: Licence) -> str:
    """Return the licence with what is known of it; one that nobody checked says so."""
    parts = [licence.name, _COMMERCIAL[licence.commercial_use], *([] if licence.verified else ["not verified"])]
    return ", ".join(parts)


def counts_in_words(edition: Edition) -> str:
    """Return the splits of an edition with their expected counts: `train 784 (not verified), test 393`."""
    return ", ".join(f"{name} {_count(facts)}" for name, facts in edition.splits.items())


def first_edition(card: DatasetCard) -> Edition:
    """Return the official edition, or the first one of a card without."""
    return card.editions.get("official") or next(iter(card.editions.values()))


def modality_in_words(facts: ModalityFacts) -> str:
    """Return what a modality's files hold: `uncooled thermal camera, 1 x 8 bit, 640 x 480`."""
    size = [] if facts.size is None else [f"{facts.size[0]} x {facts.size[1]}"]
    return ", ".join([facts.sensor, f"{facts.channels} x {facts.bit_depth} bit", *size])


def expected_pairs(card: DatasetCard) -> int | None:
    """Return the expected number of pairs of the official edition; None where the card lacks that of a split.

    Splits that repeat samples of others are left out.
    """
    counts = [facts.count for facts in first_edition(card).splits.values() if not facts.on_request]
    return None if None in counts else sum(count for count in counts if count is not None)


def _count(facts: SplitFacts) -> str:
    if facts.count is None:
        return "of unknown size"
    return f"{facts.count:,}" + ("" if facts.verified else " (not verified)")
