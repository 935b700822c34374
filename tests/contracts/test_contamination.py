"""Contamination facts agree with the cards of the sets they name; sets whose card is not there yet are left out."""

from __future__ import annotations

import pytest

from rgbtbench.cards import catalog
from rgbtbench.cards.contamination import contaminations

CARDS = set(catalog.dataset_names())
KNOWN = contaminations()
#: All but those that `titles` names, which need no card.
NAMED = sorted(KNOWN.sets - set(KNOWN.titles))


@pytest.mark.parametrize("name", NAMED)
def test_every_set_has_a_card_or_a_title(name):
    if name not in CARDS:
        pytest.skip(f"no card {name!r} yet")
    assert catalog.dataset_card(name).name == name


@pytest.mark.parametrize(
    ("dataset", "split"),
    sorted({(one.dataset, split) for entry in KNOWN.known for one in entry.evaluated for split in one.splits}),
)
def test_evaluated_splits_are_splits_of_the_card(dataset, split):
    if dataset not in CARDS:
        pytest.skip(f"no card {dataset!r} yet")
    splits = {name for edition in catalog.dataset_card(dataset).editions.values() for name in edition.splits}
    assert split in splits


@pytest.mark.parametrize(
    ("dataset", "split", "of"),
    [
        (one.dataset, split, one.of)
        for entry in KNOWN.known
        for one in entry.evaluated
        for split in one.splits
        if one.of is not None
    ],
)
def test_counted_shares_are_of_the_cards_number_of_images(dataset, split, of):
    facts = catalog.dataset_card(dataset).editions["official"].splits.get(split) if dataset in CARDS else None
    if facts is None or facts.count is None:
        pytest.skip(f"no count of {dataset}/{split} in a card")
    assert facts.count == of
