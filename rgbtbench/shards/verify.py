"""`verify`: does a prepared dataset still hold, bit for bit, what its manifest says?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards.schema import AttributeValue
from rgbtbench.errors import ShardError
from rgbtbench.labels import LabelMap
from rgbtbench.progress import Progress, Silent
from rgbtbench.shards.content import ContentHash, data_hasher, data_item, labels_hasher, labels_item
from rgbtbench.shards.destination import SHARDS
from rgbtbench.shards.features import FEATURES, features
from rgbtbench.shards.index import INDEX, all_shards, attribute_type, index_row, stored_columns
from rgbtbench.shards.manifest import (
    MANIFEST,
    Manifest,
    Shard,
    Split,
    manifest_bytes,
    pretty_json,
    read_manifest,
)
from rgbtbench.shards.quarantine import QUARANTINE
from rgbtbench.shards.records import Record, first_records, shard_records
from rgbtbench.shards.tar import SampleMembers, TarReader
from rgbtbench.shards.timm_info import TIMM_INFO, timm_info

_SILENT: Final = Silent()
_SHOWN = 10


def require_intact(root: Path, *, progress: Progress = _SILENT) -> Manifest:
    """Return the manifest of a prepared dataset that `verify` finds no fault in.

    Raises:
        ShardError: it is not prepared, or has faults; the first ten are named.
    """
    faults = verify(root, progress=progress)
    if faults:
        rest = f"\n  and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        listed = "".join(f"\n  {fault}" for fault in faults[:_SHOWN])
        raise ShardError(
            f"differs from what was prepared:{listed}{rest}\n", path=root, remedy="prepare the dataset again"
        )
    return read_manifest(root)


def verify(root: Path, *, progress: Progress = _SILENT) -> list[str]:
    """Recompute every hash and count of a prepared dataset from its shards.

    Args:
        root: the prepared dataset.
        progress: is told of samples done.

    Returns:
        One line per fault, shard by shard, each with the first bad member of its shard; empty when all is well.

    Raises:
        ShardError: there is no readable manifest to compare with.
    """
    manifest = read_manifest(root)
    progress.start(f"verify {manifest.dataset}", sum(split.samples for split in manifest.splits.values()), "samples")
    try:
        return list(_faults(root, manifest, progress))
    finally:
        progress.finish()


@dataclass(slots=True)
class _Seen:
    """What the shards hold, gathered while they are walked."""

    data: ContentHash
    labels: ContentHash
    keys: list[str] = field(default_factory=list)
    attribute_kinds: dict[str, dict[type, AttributeValue]] = field(default_factory=dict)


def _faults(root: Path, manifest: Manifest, progress: Progress) -> Iterator[str]:
    if (root / MANIFEST).read_bytes() != manifest_bytes(manifest):
        yield f"{MANIFEST}: is not as it was written"
    for name, labels in manifest.label_sets.items():
        if LabelMap.from_json(labels.map).sha256 != labels.map_sha256:
            yield f"{MANIFEST}: the map of label set {name} differs from its hash"
    seen = _Seen(
        data=data_hasher(manifest.dataset),
        labels=labels_hasher(manifest.dataset, {name: facts.map_sha256 for name, facts in manifest.label_sets.items()}),
        attribute_kinds={name: {} for name in manifest.attributes},
    )
    whole = True
    for name, split in sorted(manifest.splits.items()):
        seen.keys = []
        seen.data.begin(name)
        seen.labels.begin(name)
        sound = True
        for shard in split.shards:
            for fault in _shard_faults(root, manifest, split, shard, seen, progress):
                sound = False
                yield fault
        if sound:
            yield from _split_faults(root, manifest, name, seen)
        whole = whole and sound
    if whole:
        yield from _content_faults(root, manifest, seen)
    yield from _file_faults(root, manifest)


def _shard_faults(
    root: Path, manifest: Manifest, split: Split, shard: Shard, seen: _Seen, progress: Progress
) -> Iterator[str]:
    keys: list[str] = []
    try:
        reader = TarReader(root / shard.file, size=shard.bytes)
        changed = hashlib.sha256(reader.view).hexdigest() != shard.sha256
        for record, sample, _ in shard_records(root, shard):
            fault = _sample_fault(record, sample, reader, split)
            if fault is not None:
                yield f"{shard.file}: {fault}"
                return
            keys.append(sample.key)
            _note(record, manifest, seen)
            progress.advance()
    except ShardError as error:
        expected = "" if error.expected is None else f", expected {error.expected}"
        yield f"{shard.file}: {error.found}{expected}"
        return
    if changed:
        yield f"{shard.file}: sha256 differs, images and masks do not: a json member or the space between is damaged"
    elif (len(keys), keys[0], keys[-1]) != (shard.samples, shard.first_key, shard.last_key):
        yield f"{shard.file}: holds {len(keys)} samples from {keys[0]} to {keys[-1]}, unlike the manifest"
    seen.keys += keys


def _sample_fault(record: Record, sample: SampleMembers, reader: TarReader, split: Split) -> str | None:
    if tuple(sample.members) != split.members:
        return f"{sample.key} has the members {', '.join(sample.members)}"
    stated: Mapping[str, Any] = {**record["images"], **record["masks"]}
    for facts in stated.values():
        member = sample.members.get(facts["file"])
        if member is None:
            return f"{sample.key}.{facts['file']} is missing"
        if hashlib.sha256(reader.member(member.offset, member.size)).hexdigest() != facts["sha256"]:
            return f"{member.name} differs from its hash"
    return None


def _note(record: Record, manifest: Manifest, seen: _Seen) -> None:
    seen.data.add(data_item(record))
    seen.labels.add(labels_item(record))
    for name in manifest.attributes:
        value = record["attributes"].get(name)
        seen.attribute_kinds[name].setdefault(type(value), value)


def _split_faults(root: Path, manifest: Manifest, name: str, seen: _Seen) -> Iterator[str]:
    split = manifest.splits[name]
    if len(seen.keys) != split.samples or keys_sha256(seen.keys) != split.keys_sha256:
        yield f"{MANIFEST}: split {name} holds other keys than it says"
    if (root / INDEX).exists() and not _index_agrees(root, manifest, name):
        yield f"{INDEX}: differs from the shards in split {name}; delete it, and readers use the shards themselves"


def _index_agrees(root: Path, manifest: Manifest, name: str) -> bool:
    stored = stored_columns(root, manifest, name)
    if stored is None or len(stored["key"]) != manifest.splits[name].samples:
        return False
    row = 0
    for shard in manifest.splits[name].shards:
        for record, sample, _ in shard_records(root, shard):
            expected = index_row(record, shard.file, sample, modalities=manifest.modalities) | {"row": row}
            if any(column not in stored or stored[column][row] != value for column, value in expected.items()):
                return False
            row += 1
    return True


def _content_faults(root: Path, manifest: Manifest, seen: _Seen) -> Iterator[str]:
    if seen.data.hexdigest() != manifest.data_hash:
        yield f"{MANIFEST}: data_hash differs from the images"
    if seen.labels.hexdigest() != manifest.labels_hash:
        yield f"{MANIFEST}: labels_hash differs from the labels"
    types = {name: attribute_type(kinds.values()) for name, kinds in seen.attribute_kinds.items()}
    if _content(root / FEATURES) != pretty_json(features(first_records(root, manifest), types)):
        yield f"{FEATURES}: is missing or differs from the shards"


def _file_faults(root: Path, manifest: Manifest) -> Iterator[str]:
    known = {shard.file for shard in all_shards(manifest)}
    for path in sorted((root / SHARDS).iterdir()) if (root / SHARDS).is_dir() else ():
        if f"{SHARDS}/{path.name}" not in known:
            yield f"{SHARDS}/{path.name}: is not in the manifest"
    # Data prepared before this file was part of the format does without it.
    if _content(root / TIMM_INFO) not in (None, pretty_json(timm_info(manifest))):
        yield f"{TIMM_INFO}: differs from the manifest; prepare the dataset again to write it anew"
    lines = _content(root / QUARANTINE)
    if lines is None or lines.count(b"\n") != manifest.quarantined:
        yield f"{QUARANTINE}: does not list the {manifest.quarantined} samples that the manifest counts"


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
