"""`index.parquet`: the rows of all samples, written shard by shard and read again in the same pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from rgbtbench.canonical import canonical_json
from rgbtbench.cards.schema import AttributeValue
from rgbtbench.errors import ShardError
from rgbtbench.shards.arrow_columns import arrow_column
from rgbtbench.shards.manifest import Manifest, Shard
from rgbtbench.stored_files import file_bytes

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

INDEX: Final = "index.parquet"
INDEX_SUM: Final = "index.sha256"

Row = dict[str, Any]

#: What comes of reading an index whose columns are others, or of other types, than those that `prepare` writes.
UNUSABLE: Final = (KeyError, TypeError, ValueError, OverflowError, NotImplementedError, OSError)

#: Columns of text; those of attributes are of the kinds that the attributes have, and all others of numbers.
TEXT_COLUMNS: Final = ("split", "key", "shard", "cluster")
#: Name in the file's metadata under which the hash of the indexed shards stands.
_IDENTITY: Final = b"rgbtbench-shards"


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
    types = {**dict.fromkeys(columns, "int64"), **dict.fromkeys(TEXT_COLUMNS, "string")}
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
            arrays = [arrow_column([row.get(name) for row in rows], types[name]) for name in columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def index_identity(shards: Iterable[Shard]) -> str:
    """Return a hash over the files and hashes of all shards; an index of other shards is not used."""
    return hashlib.sha256(canonical_json([[shard.file, shard.sha256] for shard in shards])).hexdigest()


def all_shards(manifest: Manifest) -> list[Shard]:
    """Return the shards of all splits, splits in alphabetical order."""
    return [shard for _, split in sorted(manifest.splits.items()) for shard in split.shards]


def stored_columns(root: Path, manifest: Manifest, split: str) -> dict[str, list[Any]] | None:
    """Return the columns of `index.parquet` for one split; None when it is missing, damaged or of other shards."""
    columns: dict[str, list[Any]] = {"key": []}
    try:
        chunks = stored_chunks(root, manifest, split)
        if chunks is None:
            return None
        for chunk in chunks:
            for name, values in chunk.items():
                columns.setdefault(name, []).extend(values)
    except UNUSABLE:
        return None
    return columns


def stored_chunks(root: Path, manifest: Manifest, split: str) -> Iterator[dict[str, list[Any]]] | None:
    """Return the same as `stored_columns`, shard by shard; may raise what is `UNUSABLE` on the way."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = file_bytes(root / INDEX)
        if file_bytes(root / INDEX_SUM).decode() != checksum_line(hashlib.sha256(content).hexdigest()):
            return None
    except (OSError, UnicodeDecodeError):
        return None
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        stated = (file.schema_arrow.metadata or {}).get(_IDENTITY)
    except (pa.ArrowException, OSError):
        return None
    samples = sum(facts.samples for facts in manifest.splits.values())
    if stated != index_identity(all_shards(manifest)).encode() or file.metadata.num_rows != samples:
        return None
    return _row_groups(file, split)


def _row_groups(file: ParquetFile, split: str) -> Iterator[dict[str, list[Any]]]:
    # One row group is one shard, and so of one split.
    for number in range(file.num_row_groups):
        if file.read_row_group(number, columns=["split"])["split"][0].as_py() == split:
            yield file.read_row_group(number).to_pydict()


def checksum_line(sha256: str | None) -> str:
    """Return what `index.sha256` says of an index with this hash: a line for `sha256sum --check`."""
    return f"{sha256}  {INDEX}\n"
