"""Hashes over what a prepared dataset holds, whatever its shards look like. Specification: docs/formats/shards.md."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from rgbtbench.canonical import canonical_json, content_sha256
from rgbtbench.cards.catalog import UNLISTED, protocol_hash, protocol_prefix
from rgbtbench.cards.dataset import DatasetCard, SplitFacts
from rgbtbench.cards.protocol import Protocol


class ContentHash:
    """sha256 of `{**head, "splits": {split: [item, ...]}}` as canonical JSON, fed item by item.

    Args:
        head: what stands before the splits; its names sort before `splits`.
    """

    def __init__(self, head: Mapping[str, object]) -> None:
        self._hash = hashlib.sha256(canonical_json(head)[:-1] + b',"splits":{')
        self._before_split = b""
        self._before_item = b""

    def begin(self, split: str) -> None:
        """Begin a split; splits come in alphabetical order."""
        self._hash.update(self._before_split + canonical_json(split) + b":[")
        self._before_split, self._before_item = b"],", b""

    def add(self, item: object) -> None:
        """Add the next sample of the split."""
        self._hash.update(self._before_item + canonical_json(item))
        self._before_item = b","

    def hexdigest(self) -> str:
        """Return the hash of all that was added."""
        whole = self._hash.copy()
        whole.update((b"]" if self._before_split else b"") + b"}}")
        return whole.hexdigest()


def data_hasher(dataset: str) -> ContentHash:
    """Return a hash for `data_item`s."""
    return ContentHash({"dataset": dataset})


def labels_hasher(dataset: str, map_hashes: Mapping[str, str]) -> ContentHash:
    """Return a hash for `labels_item`s; `map_hashes` is label set to the sha256 of its map."""
    return ContentHash({"dataset": dataset, "label_maps": dict(map_hashes)})


def data_item(record: Mapping[str, Any]) -> list[Any]:
    """Return what `data_hash` covers of one sample: key and content of each image."""
    return [record["key"], {name: _content(image) for name, image in record["images"].items()}]


def labels_item(record: Mapping[str, Any]) -> list[Any]:
    """Return what `labels_hash` covers of one sample: key, content of each mask, box and text records."""
    masks = {name: _content(mask) for name, mask in record["masks"].items()}
    return [record["key"], {"masks": masks, "boxes": record["boxes"], "text": record["text"]}]


def _content(image: Mapping[str, Any]) -> str:
    """Return the hash that is the same wherever the dataset is prepared: of official bytes, else of pixels."""
    pixels: str | None = image["pixels_sha256"]
    return image["sha256"] if pixels is None else pixels


def protocols_sha256(card: DatasetCard) -> str:
    """Return the hash over everything in the card's protocols that can change a number."""
    hashes: dict[str, str] = {}
    for name, block in card.protocols.items():
        rules = block.model_dump(exclude={"editions"})
        for edition in block.editions:
            known_as = f"{protocol_prefix(card.name, edition)}/{name}"
            hashes[known_as] = protocol_hash(Protocol(id=known_as, dataset=card.name, edition=edition, **rules))
    return content_sha256(hashes)


def edition_of(card: DatasetCard, splits: Mapping[str, tuple[int, str]], *, whole: bool) -> str:
    """Return the edition of the card that some splits are of, `unlisted` if none.

    Every split must belong to the edition and have its keys, or its count where the card states no keys.

    Args:
        card: the dataset's card.
        splits: name to number of samples and `keys_sha256`.
        whole: nothing was left out by a limit; a split of which the card states neither keys nor count
            is recognised by that alone.
    """
    for name, edition in card.editions.items():
        if all(split in edition.splits and _is(edition.splits[split], *has, whole) for split, has in splits.items()):
            return name
    return UNLISTED


def _is(facts: SplitFacts, count: int, keys: str, whole: bool) -> bool:
    if facts.keys_sha256 is not None:
        return facts.keys_sha256 == keys
    return whole if facts.count is None else facts.count == count
