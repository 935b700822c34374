"""Reading the `json` members of a prepared dataset straight from its shards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rgbtbench.errors import ShardError
from rgbtbench.shards.manifest import Shard
from rgbtbench.shards.record import SampleRecord
from rgbtbench.shards.tar import SampleMembers, TarReader, samples

Record = dict[str, Any]


def shard_records(root: Path, shard: Shard) -> Iterator[tuple[Record, SampleMembers, TarReader]]:
    """Yield every sample of a shard in order: its record, where its members lie, and the shard to read them from.

    Raises:
        ShardError: the shard is missing or damaged; names the sample where it can.
        StoreError: it lies in a store that does not answer.
    """
    reader = TarReader(root / shard.file, size=shard.bytes, sha256=shard.sha256)
    for record, sample in records_of(reader):
        yield record, sample, reader


def records_of(reader: TarReader) -> Iterator[tuple[Record, SampleMembers]]:
    """Yield every sample of an open shard in order: its record, and where its members lie.

    Raises:
        ShardError: the shard is missing or damaged; names the sample where it can.
    """
    for sample in samples(reader):
        yield _record(reader, sample), sample


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
