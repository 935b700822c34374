"""The index: one row per sample, for random access and for pandas. Specification: docs/formats/shards.md.

`index.parquet` is a cache of what the shards say. Where it is missing, damaged or of other shards, the same rows
are read from the shards again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.canonical import canonical_json, keys_sha256
from rgbtbench.cards.schema import AttributeValue
from rgbtbench.errors import ShardError
from rgbtbench.shards.manifest import Manifest, Shard, read_manifest
from rgbtbench.shards.records import shard_records
from rgbtbench.shards.tar import SampleMembers
from rgbtbench.stored_files import file_bytes

INDEX: Final = "index.parquet"
INDEX_SUM: Final = "index.sha256"

Row = dict[str, Any]

#: Name in the file's metadata under which the hash of the indexed shards stands.
_IDENTITY: Final = b"rgbtbench-shards"
_TEXT_COLUMNS: Final = ("split", "key", "shard", "cluster")


@dataclass(frozen=True, slots=True)
class SplitIndex:
    """The N samples of a split in official order, as columns.

    Attributes:
        split: its name.
        keys: N keys.
        image_ids: int64 (N,).
        shards: files of the split, relative to the folder.
        shard: int64 (N,), position in `shards`.
        clusters: N clusters, null where an image stands alone.
        attributes: name to N values.
        offsets: member (`rgb.png`, `json`) to int64 (N,), first byte of its content in the shard.
        sizes: member to int64 (N,), bytes of its content.
        widths, heights: int64 (N,), pixels of the first modality.
        box_counts: box set to int64 (N,).
    """

    split: str
    keys: tuple[str, ...]
    image_ids: NDArray[np.int64]
    shards: tuple[str, ...]
    shard: NDArray[np.int64]
    clusters: tuple[str | None, ...]
    attributes: Mapping[str, tuple[AttributeValue, ...]]
    offsets: Mapping[str, NDArray[np.int64]]
    sizes: Mapping[str, NDArray[np.int64]]
    widths: NDArray[np.int64]
    heights: NDArray[np.int64]
    box_counts: Mapping[str, NDArray[np.int64]]

    def __len__(self) -> int:
        return len(self.keys)


def read_index(root: Path, split: str) -> SplitIndex:
    """Return the index of one split of a prepared dataset.

    Raises:
        ShardError: the folder is not prepared, lacks the split, or its shards disagree with the manifest.
    """
    manifest = read_manifest(root)
    facts = manifest.split(split)
    columns = stored_columns(root, manifest, split)
    if columns is None:
        columns = _columns(list(rows_of_shards(root, manifest, facts.shards)))
    keys = tuple(columns["key"])
    if len(keys) != facts.samples or keys_sha256(keys) != facts.keys_sha256:
        raise ShardError(
            f"split {split} holds other samples than the manifest says", path=root, remedy="prepare the dataset again"
        )
    files = {shard.file: number for number, shard in enumerate(facts.shards)}
    return SplitIndex(
        split=split,
        keys=keys,
        image_ids=_integers(columns["image_id"]),
        shards=tuple(files),
        shard=_integers([files[file] for file in columns["shard"]]),
        clusters=tuple(columns["cluster"]),
        attributes={name: tuple(columns[f"attr.{name}"]) for name in manifest.attributes},
        offsets={member: _integers(columns[f"{member}.offset"]) for member in facts.members},
        sizes={member: _integers(columns[f"{member}.size"]) for member in facts.members},
        widths=_integers(columns["width"]),
        heights=_integers(columns["height"]),
        box_counts={
            name: _integers(columns[f"boxes.{name}.count"])
            for name, labels in manifest.label_sets.items()
            if labels.kind == "boxes" and columns.get(f"boxes.{name}.count", [None])[0] is not None
        },
    )


def index_row(record: Mapping[str, Any], shard: str, sample: SampleMembers, *, modalities: Sequence[str]) -> Row:
    """Return the row of one sample, without its position in the split.

    Args:
        record: content of the `json` member.
        shard: file of the shard, relative to the folder.
        sample: where the members lie.
        modalities: those of the dataset in the card's order; the first that is there gives width and height.
    """
    first = next(record["images"][name] for name in modalities if name in record["images"])
    return {
        "split": record["split"],
        "key": record["key"],
        "image_id": record["image_id"],
        "shard": shard,
        "cluster": record["cluster"],
        **{f"attr.{name}": value for name, value in record["attributes"].items()},
        "width": first["width"],
        "height": first["height"],
        **{f"boxes.{name}.count": len(boxes["labels"]) for name, boxes in record["boxes"].items()},
        **{f"{extension}.offset": member.offset for extension, member in sample.members.items()},
        **{f"{extension}.size": member.size for extension, member in sample.members.items()},
    }


def rows_of_shards(root: Path, manifest: Manifest, shards: Iterable[Shard]) -> Iterator[Row]:
    """Yield the rows of some shards, read from the shards themselves; raises `ShardError` when one is damaged."""
    for shard in shards:
        for record, sample, _ in shard_records(root, shard):
            yield index_row(record, shard.file, sample, modalities=manifest.modalities)


def attribute_type(values: Iterable[AttributeValue]) -> str:
    """Return the column type that holds all of `values`: `bool`, `int64`, `float64` or `string`.

    Values that are never stated count as text.

    Raises:
        ShardError: the values are of kinds that no one column holds.
    """
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {str}:
        return "string"
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return "int64"
    if kinds <= {int, float}:
        return "float64"
    raise ShardError(
        "an attribute is " + " and ".join(sorted(kind.__name__ for kind in kinds)),
        expected="one kind of value",
        remedy="correct the dataset's module",
    )


def write_index(
    file: BinaryIO, chunks: Iterable[list[Row]], *, attributes: Mapping[str, str], names: Iterable[str], identity: str
) -> None:
    """Write the rows of all shards, one row group per chunk, so that memory does not grow with the dataset.

    Args:
        file: open for writing.
        chunks: rows in order; `row` counts from 0 in each split and is added here.
        attributes: attribute to column type; see `attribute_type`.
        names: all column names that occur in any row.
        identity: see `index_identity`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    fixed = ["split", "row", "key", "image_id", "shard", "cluster", *(f"attr.{name}" for name in attributes)]
    columns = fixed + sorted(set(names) - set(fixed))
    types = {**dict.fromkeys(columns, "int64"), **dict.fromkeys(_TEXT_COLUMNS, "string")}
    types |= {f"attr.{name}": kind for name, kind in attributes.items()}
    schema = pa.schema(
        [(name, pa.type_for_alias(types[name])) for name in columns], metadata={_IDENTITY: identity.encode()}
    )
    counted: dict[str, int] = {}
    with pq.ParquetWriter(file, schema) as writer:
        for rows in chunks:
            for row in rows:
                row["row"] = counted.get(row["split"], 0)
                counted[row["split"]] = row["row"] + 1
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def index_identity(shards: Iterable[Shard]) -> str:
    """Return a hash over the files and hashes of all shards; an index of other shards is not used."""
    return hashlib.sha256(canonical_json([[shard.file, shard.sha256] for shard in shards])).hexdigest()


def all_shards(manifest: Manifest) -> list[Shard]:
    """Return the shards of all splits, splits in alphabetical order."""
    return [shard for _, split in sorted(manifest.splits.items()) for shard in split.shards]


def stored_columns(root: Path, manifest: Manifest, split: str) -> dict[str, list[Any]] | None:
    """Return the columns of `index.parquet` for one split; None when it is missing, damaged or of other shards."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = file_bytes(root / INDEX)
        if file_bytes(root / INDEX_SUM).decode() != checksum_line(hashlib.sha256(content).hexdigest()):
            return None
    except (OSError, UnicodeDecodeError):
        return None
    file = pa.BufferReader(content)
    stated = (pq.read_schema(file).metadata or {}).get(_IDENTITY)
    if stated != index_identity(all_shards(manifest)).encode():
        return None
    return dict(pq.read_table(file, filters=[("split", "==", split)]).to_pydict())


def checksum_line(sha256: str | None) -> str:
    """Return what `index.sha256` says of an index with this hash: a line for `sha256sum --check`."""
    return f"{sha256}  {INDEX}\n"


def _columns(rows: list[Row]) -> dict[str, list[Any]]:
    names = {name for row in rows for name in row}
    return {name: [row.get(name) for row in rows] for name in names}


def _integers(values: Sequence[int]) -> NDArray[np.int64]:
    return np.asarray(values, np.int64)
