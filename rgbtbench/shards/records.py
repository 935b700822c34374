"""Reading the `json` members of a prepared dataset straight from its shards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rgbtbench.errors import ShardError
from rgbtbench.shards.manifest import Manifest, Shard
from rgbtbench.shards.record import SampleRecord
from rgbtbench.shards.tar import SampleMembers, TarReader, samples

Record = dict[str, Any]


def shard_records(root: Path, shard: Shard) -> Iterator[tuple[Record, SampleMembers, TarReader]]:
    """Yield every sample of a shard in order: its record, where its members lie, and the shard to read them from.

    Raises:
        ShardError: the shard is missing or damaged; names the sample where it can.
    """
    reader = TarReader(root / shard.file, size=shard.bytes)
    for sample in samples(reader):
        yield _record(reader, sample), sample, reader


def first_records(root: Path, manifest: Manifest) -> list[Record]:
    """Return the first record of each split; raises `ShardError` as `shard_records` does."""
    return [next(shard_records(root, split.shards[0]))[0] for _, split in sorted(manifest.splits.items())]


def _record(reader: TarReader, sample: SampleMembers) -> Record:
    try:
        member = sample.members["json"]
        record = json.loads(bytes(reader.member(member.offset, member.size)))
        if SampleRecord.model_validate(record).key == sample.key:
            return dict(record)
    except (ValueError, KeyError, RecursionError):
        pass
    raise ShardError(
        f"the record of {sample.key} is missing or damaged", path=reader.path, remedy="prepare the dataset again"
    )
