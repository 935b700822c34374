"""A card describes data that was prepared by it, and by no other version of it."""

import pytest

from rgbtbench.description.croissant import croissant
from rgbtbench.description.dataset_card import dataset_card_text
from rgbtbench.description.described_data import described_manifest
from rgbtbench.errors import ShardError
from rgbtbench.shards.manifest import read_manifest

from ..shards.street import card


def test_data_of_the_same_card_is_described(street):
    assert described_manifest(street.card, street.data) == read_manifest(street.data)


@pytest.mark.parametrize(
    ("what", "field", "lost"),
    [
        ("modality", "modalities", "lwir"),
        ("attribute", "attributes", "temperature"),
        ("label set", "label_sets", "people"),
    ],
)
@pytest.mark.parametrize("describe", [croissant, dataset_card_text])
def test_names_that_the_card_has_lost_end_in_one_error(street, describe, what, field, lost):
    facts = card().model_dump()[field]
    newer = card(**{field: {name: value for name, value in facts.items() if name != lost}})
    with pytest.raises(ShardError, match=f"has the {what} {lost}, which the card of street does not know"):
        describe(newer, data=street.data)
