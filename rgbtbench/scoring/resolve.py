"""Which protocol an id means for given data; an id never means a protocol of other data."""

from __future__ import annotations

from rgbtbench.cards import catalog
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
        if protocol.split in manifest.splits and protocol.label_set in manifest.label_sets
    ]
    if manifest.edition != catalog.UNLISTED:
        return {protocol.id: protocol for protocol in listed if protocol.edition == manifest.edition}
    own = [catalog.unlisted_protocol(protocol, manifest.splits[protocol.split].keys_sha256) for protocol in listed]
    return {protocol.id: protocol for protocol in own}


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
    name = protocol_id.partition("/")[2]
    same_name = [other for other in possible if other.partition("/")[2] == name]
    if protocol_id not in catalog.protocol_ids() and not same_name:
        raise UnknownNameError(f"no protocol {protocol_id!r} for this data", remedy=did_you_mean(protocol_id, possible))
    raise UserError(
        f"{protocol_id} is not a protocol of {manifest.dataset}, edition {manifest.edition}, as it was prepared",
        expected="one of its own, because other images or labels give another number",
        remedy=f"use {same_name[0]}" if same_name else did_you_mean(protocol_id, possible),
    )
