"""The last step of `prepare`: new shards take the place of old ones, and the manifest says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rgbtbench.shards.destination import SHARDS, remove_superseded, remove_unfinished
from rgbtbench.shards.features import FEATURES, features
from rgbtbench.shards.index_file import INDEX, INDEX_SUM, Row, all_shards, checksum_line, index_identity, write_index
from rgbtbench.shards.manifest import MANIFEST, manifest_bytes, pretty_json
from rgbtbench.shards.merge import Merged, index_chunks
from rgbtbench.shards.plan import Plan
from rgbtbench.shards.quarantine import QUARANTINE, Refusal, write_quarantine
from rgbtbench.shards.records import Record
from rgbtbench.shards.state import find_shard, remember_place
from rgbtbench.shards.storage import remove, replace, whole_file, write_file
from rgbtbench.shards.timm_info import TIMM_INFO, timm_info
from rgbtbench.stored_files import file_bytes, file_sha256, folder_listing


def publish(out: Path, planned: Plan, merged: Merged, refused: Sequence[Refusal]) -> None:
    """Turn finished shards into a prepared dataset; what they replace goes.

    Args:
        out: the prepared dataset.
        planned: every shard of it is finished.
        merged: what the shards say.
        refused: every sample that was refused.

    Raises:
        ShardError: the disk is full, or something else writes here.
        StoreError: the store does not answer.
    """
    manifest = merged.manifest
    remove_unfinished(out)  # of workers that were lost, and whose shards others have built
    _take_places(out, planned, merged)
    with whole_file(out / INDEX) as file:
        write_index(
            file,
            index_chunks(out, planned),
            attributes=merged.attributes,
            names=merged.columns,
            identity=index_identity(all_shards(manifest)),
        )
    write_file(out / INDEX_SUM, checksum_line(file_sha256(out / INDEX)).encode())
    records = [_record(out, row) for _, row in sorted(merged.first_rows.items())]
    write_file(out / FEATURES, pretty_json(features(records, merged.attributes)))
    write_file(out / TIMM_INFO, pretty_json(timm_info(manifest)))
    write_quarantine(out / QUARANTINE, refused)
    write_file(out / MANIFEST, manifest_bytes(manifest))
    remove_superseded(
        out,
        files={shard.file for shard in all_shards(manifest)},
        names={shard.name for shard in planned.shards},
    )


def _take_places(out: Path, planned: Plan, merged: Merged) -> None:
    there = folder_listing(out / SHARDS)
    staged = [
        (place, shard)
        for shard in planned.shards
        if shard.name in merged.written
        and (place := find_shard(out, shard.file, merged.written[shard.name], there)) not in (None, out / shard.file)
    ]
    if staged:
        # Between the old shards and the new ones there is no dataset, rather than a mixed one.
        remove(out / MANIFEST)
    for place, shard in staged:
        replace(place, out / shard.file)
        remember_place(out, shard)


def _record(out: Path, row: Row) -> Record:
    # A shard may lie in a store, so that only these bytes of it are read.
    first = row["json.offset"]
    return dict(json.loads(file_bytes(out / row["shard"], first=first, last=first + row["json.size"])))
