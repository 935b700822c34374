"""Contamination facts agree with the cards and modules of the sets that they name."""

from __future__ import annotations

import pytest

from rgbtbench.audit.identity import identities
from rgbtbench.cards import catalog
from rgbtbench.cards.contamination import contaminations
from rgbtbench.datasets import dataset

CARDS = set(catalog.dataset_names())
KNOWN = contaminations()
EVALUATED = [(one, split) for entry in KNOWN.known for one in entry.evaluated for split in one.splits]
#: Dataset, split, and the number of images in the file and in the card, where both state it.
COUNTED = [
    (one.dataset, split, one.of, facts.count)
    for one, split in EVALUATED
    for facts in [next(iter(catalog.dataset_card(one.dataset).editions.values())).splits.get(split)]
    if one.of is not None and facts is not None and facts.count is not None
]


def test_every_set_has_a_card_or_a_title():
    assert set(KNOWN.sets) - CARDS <= set(KNOWN.titles)


@pytest.mark.parametrize(("name", "split"), sorted({(one.dataset, split) for one, split in EVALUATED}))
def test_evaluated_splits_are_splits_of_the_card(name, split):
    splits = {known for edition in catalog.dataset_card(name).editions.values() for known in edition.splits}
    assert split in splits


@pytest.mark.parametrize(("name", "split", "of", "count"), COUNTED)
def test_counted_shares_are_of_the_cards_number_of_images(name, split, of, count):
    assert of == count


def test_nearly_all_shares_can_be_held_against_a_card():
    assert len(COUNTED) >= 12


@pytest.mark.parametrize("name", sorted(KNOWN.spellings))
def test_the_ids_that_a_module_gives_are_spelled(name, tmp_path):
    source = dataset(name)
    layout = source.layouts[0]
    splits = next(iter(catalog.dataset_card(name).editions.values())).splits
    source.fake(tmp_path, layout, dict.fromkeys(splits, 1), 0)
    for entry in source.entries(tmp_path, layout):
        named = identities(name, entry.official_id, entry.split)
        assert named, entry.official_id
        assert named[0].dataset == name
