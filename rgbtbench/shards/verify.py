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
from rgbtbench.shards.index import index_row
from rgbtbench.shards.index_file import INDEX, Row, all_shards, attribute_type, stored_columns
from rgbtbench.shards.local_copy import fresh_copy
from rgbtbench.shards.manifest import (
    MANIFEST,
    Manifest,
    Shard,
    Split,
    manifest_bytes,
    pretty_json,
    read_manifest,
)
from rgbtbench.shards.quarantine import QUARANTINE, count_refusals
from rgbtbench.shards.records import Record, records_of
from rgbtbench.shards.tar import SampleMembers, TarReader
from rgbtbench.shards.timm_info import TIMM_INFO, timm_info
from rgbtbench.stored_files import file_bytes, file_facts, folder_listing

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
        StoreError: a store does not answer.
    """
    manifest = read_manifest(root)
    progress.start(f"verify {manifest.dataset}", sum(split.samples for split in manifest.splits.values()), "samples")
    try:
        return list(_faults(root, manifest, progress))
    finally:
        progress.finish()


@dataclass(slots=True)
class _Seen:
    """What the shards hold, gathered while they are walked once: in a store each walk fetches them anew."""

    data: ContentHash
    labels: ContentHash
    attribute_kinds: dict[str, dict[type, AttributeValue]]
    first_records: list[Record] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    index: _IndexCheck | None = None

    def begin(self, split: str, index: _IndexCheck | None) -> None:
        self.keys, self.index = [], index
        self.data.begin(split)
        self.labels.begin(split)

    def note(self, record: Record, row: Row) -> None:
        if not self.keys:
            self.first_records.append(record)
        self.keys.append(record["key"])
        self.data.add(data_item(record))
        self.labels.add(labels_item(record))
        for name, kinds in self.attribute_kinds.items():
            value = record["attributes"].get(name)
            kinds.setdefault(type(value), value)
        if self.index is not None:
            self.index.compare(row)


@dataclass(slots=True)
class _IndexCheck:
    """The index's columns of one split, None when it cannot be used, held against the rows of the shards."""

    columns: dict[str, list[Any]] | None
    row: int = 0
    agrees: bool = True

    def compare(self, expected: Row) -> None:
        columns = self.columns
        self.agrees = (
            self.agrees
            and columns is not None
            and self.row < len(columns["key"])
            and all(
                name in columns and columns[name][self.row] == value
                for name, value in (expected | {"row": self.row}).items()
            )
        )
        self.row += 1

    @property
    def whole(self) -> bool:
        return self.agrees and self.columns is not None and self.row == len(self.columns["key"])


def _faults(root: Path, manifest: Manifest, progress: Progress) -> Iterator[str]:
    if _content(root / MANIFEST) != manifest_bytes(manifest):
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
    indexed = file_facts(root / INDEX) is not None
    for name, split in sorted(manifest.splits.items()):
        seen.begin(name, _IndexCheck(stored_columns(root, manifest, name)) if indexed else None)
        sound = True
        for shard in split.shards:
            for fault in _shard_faults(root, manifest, split, shard, seen, progress):
                sound = False
                yield fault
        if sound:
            yield from _split_faults(name, split, seen)
        whole = whole and sound
    if whole:
        yield from _content_faults(root, manifest, seen)
    yield from _file_faults(root, manifest)


def _shard_faults(
    root: Path, manifest: Manifest, split: Split, shard: Shard, seen: _Seen, progress: Progress
) -> Iterator[str]:
    before = len(seen.keys)
    try:
        with fresh_copy(root / shard.file) as copy:
            reader = TarReader(copy, size=shard.bytes)
            changed = hashlib.sha256(reader.view).hexdigest() != shard.sha256
            for record, sample in records_of(reader):
                fault = _sample_fault(record, sample, reader, split)
                if fault is not None:
                    yield f"{shard.file}: {fault}"
                    return
                seen.note(record, index_row(record, shard.file, sample, modalities=manifest.modalities))
                progress.advance()
    except ShardError as error:
        expected = "" if error.expected is None else f", expected {error.expected}"
        yield f"{shard.file}: {error.found}{expected}"
        return
    keys = seen.keys[before:]
    if changed:
        yield f"{shard.file}: sha256 differs, images and masks do not: a json member or the space between is damaged"
    elif not keys:
        yield f"{shard.file}: holds no sample, unlike the manifest"
    elif (len(keys), keys[0], keys[-1]) != (shard.samples, shard.first_key, shard.last_key):
        yield f"{shard.file}: holds {len(keys)} samples from {keys[0]} to {keys[-1]}, unlike the manifest"


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


def _split_faults(name: str, split: Split, seen: _Seen) -> Iterator[str]:
    if len(seen.keys) != split.samples or keys_sha256(seen.keys) != split.keys_sha256:
        yield f"{MANIFEST}: split {name} holds other keys than it says"
    if seen.index is not None and not seen.index.whole:
        yield f"{INDEX}: differs from the shards in split {name}; delete it, and readers use the shards themselves"


def _content_faults(root: Path, manifest: Manifest, seen: _Seen) -> Iterator[str]:
    if seen.data.hexdigest() != manifest.data_hash:
        yield f"{MANIFEST}: data_hash differs from the images"
    if seen.labels.hexdigest() != manifest.labels_hash:
        yield f"{MANIFEST}: labels_hash differs from the labels"
    types = {name: attribute_type(kinds.values()) for name, kinds in seen.attribute_kinds.items()}
    if _content(root / FEATURES) != pretty_json(features(seen.first_records, types)):
        yield f"{FEATURES}: is missing or differs from the shards"


def _file_faults(root: Path, manifest: Manifest) -> Iterator[str]:
    known = {shard.file for shard in all_shards(manifest)}
    for name in sorted(folder_listing(root / SHARDS)):
        if f"{SHARDS}/{name}" not in known:
            yield f"{SHARDS}/{name}: is not in the manifest"
    # Data prepared before this file was part of the format does without it.
    if _content(root / TIMM_INFO) not in (None, pretty_json(timm_info(manifest))):
        yield f"{TIMM_INFO}: differs from the manifest; prepare the dataset again to write it anew"
    lines = _content(root / QUARANTINE)
    if lines is None or count_refusals(lines) != manifest.quarantined:
        yield f"{QUARANTINE}: does not list the {manifest.quarantined} samples that the manifest counts"


def _content(path: Path) -> bytes | None:
    return None if file_facts(path) is None else file_bytes(path)
