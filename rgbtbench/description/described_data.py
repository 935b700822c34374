"""Prepared data that a card describes."""

from __future__ import annotations

from pathlib import Path

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.errors import ShardError
from rgbtbench.shards.manifest import Manifest, read_manifest


def described_manifest(card: DatasetCard, data: Path) -> Manifest:
    """Return the manifest of prepared data whose cameras, attributes and label sets the card knows.

    Args:
        card: of the dataset.
        data: folder that `prepare` wrote, or its address.

    Raises:
        ShardError: `data` is no prepared dataset, is another one, or was prepared by another version of the card.
        StoreError: the store does not answer.
    """
    manifest = read_manifest(data)
    if manifest.dataset != card.name:
        raise ShardError(f"holds {manifest.dataset}", expected=card.name, path=data)
    for what, held, known in (
        ("modality", manifest.modalities, card.modalities),
        ("attribute", manifest.attributes, card.attributes),
        ("label set", manifest.label_sets, card.label_sets),
    ):
        strange = [name for name in held if name not in known]
        if strange:
            raise ShardError(
                f"has the {what} {strange[0]}, which the card of {card.name} does not know",
                expected="data that was prepared with this version of the card",
                path=data,
                remedy="prepare the dataset again",
            )
    return manifest
