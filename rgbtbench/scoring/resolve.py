"""Which protocol an id means for given data; an id never means a protocol of other data."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rgbtbench.canonical import content_sha256, keys_sha256
from rgbtbench.cards import catalog
from rgbtbench.cards.dataset import SplitFacts
from rgbtbench.cards.protocol import Protocol
from rgbtbench.errors import UnknownNameError, UserError, did_you_mean
from rgbtbench.shards.manifest import Manifest


def protocols_of(manifest: Manifest) -> dict[str, Protocol]:
    """Return the protocols by which predictions on prepared data can be scored, by id.

    Data of no listed edition has protocols of its own, named by the keys of the split: `<dataset>-unlisted-<8 hex>/…`.
    """
    listed = [
        protocol
        for protocol in _listed(manifest.dataset)
        if set(protocol.splits) <= set(manifest.splits) and protocol.label_set in manifest.label_sets
    ]
    if manifest.edition != catalog.UNLISTED:
        return {protocol.id: protocol for protocol in listed if protocol.edition == manifest.edition}
    own = [catalog.unlisted_protocol(protocol, scored_keys_sha256(manifest, protocol)) for protocol in listed]
    return {protocol.id: protocol for protocol in own}


def scored_keys_sha256(manifest: Manifest, protocol: Protocol) -> str:
    """Return the hash of the keys that a protocol scores; of several splits the hash of the list of theirs."""
    return _of_all([manifest.split(name).keys_sha256 for name in protocol.splits])


def _of_all(hashes: list[str]) -> str:
    return hashes[0] if len(hashes) == 1 else content_sha256(hashes)


def protocol_of_keys(protocol: Protocol, split_keys: Mapping[str, Collection[str]]) -> Protocol:
    """Return the protocol for labels with these keys: one of its own where they are not those of its edition.

    Args:
        protocol: of a dataset.
        split_keys: split to its keys.

    Raises:
        UserError: nobody knows the keys of the protocol's split, and these are known to be another's.
    """
    splits = catalog.dataset_card(protocol.dataset).editions[protocol.edition].splits
    hashes = {name: keys_sha256(split_keys[name]) for name in protocol.splits}
    for name, found in hashes.items():
        others = [other for other, facts in splits.items() if facts.keys_sha256 == found]
        if splits[name].keys_sha256 is None and others:
            raise UserError(
                f"{protocol.id} scores split {name}, and these are the images of split {others[0]}",
                remedy=f"give the labels of split {name}, or choose a protocol of {others[0]}",
            )
    if all(_may_be(splits[name], found, len(split_keys[name])) for name, found in hashes.items()):
        return protocol
    return catalog.unlisted_protocol(protocol, _of_all(list(hashes.values())))


def _may_be(facts: SplitFacts, found: str, count: int) -> bool:
    """Return whether keys may be those of a split, by their hash, by their number, or because nobody knows either."""
    if facts.keys_sha256 is not None:
        return facts.keys_sha256 == found
    return facts.count in (None, count)


def recorded_protocol(protocol_id: str, *, dataset: str, keys_sha256: str) -> Protocol:
    """Return the protocol that a record names.

    Args:
        protocol_id: as recorded.
        dataset: name of its dataset.
        keys_sha256: of the split that was scored, by which protocols of unlisted data are named.

    Raises:
        UnknownNameError: no such protocol.
    """
    own = {
        protocol.id: protocol
        for protocol in (catalog.unlisted_protocol(listed, keys_sha256) for listed in _listed(dataset))
    }
    return own[protocol_id] if protocol_id in own else catalog.protocol(protocol_id)


def _require_splits(protocol: Protocol, manifest: Manifest) -> None:
    lacking = [name for name in protocol.splits if name not in manifest.splits]
    if lacking:
        raise UserError(
            f"{protocol.id} needs split {', '.join(lacking)}, which this data does not have",
            remedy="prepare the dataset with it, or choose a protocol of another split",
        )


def _listed(dataset: str) -> list[Protocol]:
    # Editions share their blocks; where they differ the official one comes last and is the model for unlisted data.
    listed = [catalog.protocol(name) for name in catalog.protocol_ids(dataset)]
    return sorted(listed, key=lambda protocol: protocol.edition == "official")


def resolve_protocol(protocol_id: str, manifest: Manifest) -> Protocol:
    """Return the protocol of prepared data with this id.

    Raises:
        UserError: a protocol of another dataset or edition; names the id that this data has instead.
        UnknownNameError: no such protocol at all.
    """
    possible = protocols_of(manifest)
    if protocol_id in possible:
        return possible[protocol_id]
    if protocol_id in catalog.protocol_ids(manifest.dataset):
        _require_splits(catalog.protocol(protocol_id), manifest)
    name = protocol_id.partition("/")[2]
    same_name = [other for other in possible if other.partition("/")[2] == name]
    if protocol_id not in catalog.protocol_ids() and not same_name:
        raise UnknownNameError(f"no protocol {protocol_id!r} for this data", remedy=did_you_mean(protocol_id, possible))
    raise UserError(
        f"{protocol_id} is not a protocol of {manifest.dataset}, edition {manifest.edition}, as it was prepared",
        expected="one of its own, because other images or labels give another number",
        remedy=f"use {same_name[0]}" if same_name else did_you_mean(protocol_id, possible),
    )
