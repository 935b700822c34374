"""The index: one row per sample, for random access and for pandas. Specification: docs/formats/shards.md.

`index.parquet` is a cache of what the shards say. Where it is missing, damaged or of other shards, the same rows
are read from the shards again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards.schema import AttributeValue
from rgbtbench.errors import ShardError
from rgbtbench.shards.index_file import INDEX, TEXT_COLUMNS, UNUSABLE, Row, stored_chunks
from rgbtbench.shards.manifest import Manifest, Shard, read_manifest
from rgbtbench.shards.records import shard_records
from rgbtbench.shards.tar import SampleMembers


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
    try:
        return _read(root, manifest, split)
    except UNUSABLE as error:
        raise ShardError(
            f"{INDEX} does not fit the shards", path=root, remedy="delete it: without it the shards themselves are read"
        ) from error


def _read(root: Path, manifest: Manifest, split: str) -> SplitIndex:
    facts = manifest.split(split)
    chunks = stored_chunks(root, manifest, split)
    if chunks is None:
        chunks = (_columns(list(rows_of_shards(root, manifest, [shard]))) for shard in facts.shards)
    texts, numbers = _joined(chunks)
    keys = tuple(texts.get("key", ()))
    if len(keys) != facts.samples or keys_sha256(keys) != facts.keys_sha256:
        raise ShardError(
            f"split {split} holds other samples than the manifest says", path=root, remedy="prepare the dataset again"
        )
    places = [f"{member}.offset" for member in facts.members]
    gaps = [name for name in (*places, *numbers) if len(numbers.get(name, ())) != len(keys)]
    if gaps:
        raise ShardError(
            f"{gaps[0]} is not known of every sample of split {split}", path=root, remedy="prepare the dataset again"
        )
    files = {shard.file: number for number, shard in enumerate(facts.shards)}
    return SplitIndex(
        split=split,
        keys=keys,
        image_ids=numbers["image_id"],
        shards=tuple(files),
        shard=np.array([files[file] for file in texts["shard"]], np.int64),
        clusters=tuple(texts["cluster"]),
        attributes={name: tuple(texts[f"attr.{name}"]) for name in manifest.attributes},
        offsets={member: numbers[f"{member}.offset"] for member in facts.members},
        sizes={member: numbers[f"{member}.size"] for member in facts.members},
        widths=numbers["width"],
        heights=numbers["height"],
        box_counts={
            name: numbers[f"boxes.{name}.count"]
            for name, labels in manifest.label_sets.items()
            if labels.kind == "boxes" and f"boxes.{name}.count" in numbers
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


def _columns(rows: list[Row]) -> dict[str, list[Any]]:
    names = {name for row in rows for name in row}
    return {name: [row.get(name) for row in rows] for name in names}


def _joined(chunks: Iterable[Mapping[str, list[Any]]]) -> tuple[dict[str, list[Any]], dict[str, NDArray[np.int64]]]:
    """Return the columns of texts and attributes, equal texts as one object, and those of numbers without gaps."""
    texts: dict[str, list[Any]] = {}
    numbers: dict[str, list[NDArray[np.int64]]] = {}
    known: dict[str, str] = {}
    for chunk in chunks:
        for name, values in chunk.items():
            if name in TEXT_COLUMNS or name.startswith("attr."):
                same = (known.setdefault(value, value) if isinstance(value, str) else value for value in values)
                texts.setdefault(name, []).extend(same)
            elif None not in values:
                numbers.setdefault(name, []).append(np.array(values, np.int64))
    return texts, {name: np.concatenate(parts) for name, parts in numbers.items()}
