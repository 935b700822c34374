"""Prepared shards in a Croissant description: the files, and the fields of a sample as record sets."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.description.croissant_annotations import RECORD_FILES, boxes_and_texts
from rgbtbench.description.croissant_enumerations import classes, prepared_splits
from rgbtbench.description.croissant_nodes import Json, field, file_object, file_set, record_set
from rgbtbench.description.described_data import described_manifest
from rgbtbench.errors import ShardError
from rgbtbench.labels import LabelMap
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.shards.index_file import INDEX, all_shards, attribute_type, stored_columns
from rgbtbench.shards.manifest import MANIFEST, Manifest
from rgbtbench.stored_files import file_bytes

_IMAGES: Final = {"jpg": "image/jpeg", "png": "image/png"}
_COLUMN_TYPES: Final = {"string": "sc:Text", "bool": "sc:Boolean", "int64": "cr:Int64", "float64": "cr:Float64"}


def prepared_data(card: DatasetCard, data: Path, address: str) -> tuple[list[Json], list[Json]]:
    """Describe prepared data.

    Args:
        card: of the dataset.
        data: folder that `prepare` wrote.
        address: what leads from the description to `data`.

    Returns:
        FileObjects and FileSets, and RecordSets.

    Raises:
        ShardError: as `described_manifest`, or `data` has no index.
    """
    manifest = described_manifest(card, data)
    if stored_columns(data, manifest, next(iter(manifest.splits))) is None:
        raise ShardError(f"has no {INDEX} of these shards", path=data, remedy="run `rgbtbench prepare` again")
    start = f"{address.rstrip('/')}/" if address else ""
    shards = [
        file_object(
            shard.file,
            address=start + shard.file,
            encoding="application/x-tar",
            size=shard.bytes,
            sha256=shard.sha256,
        )
        for shard in all_shards(manifest)
    ]
    tables = [
        file_object(
            name,
            address=start + name,
            encoding=encoding,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        for name, encoding in ((INDEX, "application/x-parquet"), (MANIFEST, "application/json"))
        for content in (file_bytes(data / name),)
    ]
    splits = [open_split(data, name) for name in manifest.splits]
    members = _Members(manifest, splits)
    label_files, label_sets = boxes_and_texts(manifest, {opened.name: opened.record(0) for opened in splits})
    record_sets = [
        prepared_splits(manifest),
        *(classes(name, card.label_sets[name]) for name in manifest.label_sets if card.label_sets[name].classes),
        _samples(card, manifest, splits),
        *members.record_sets(card),
        _records(members.disjoint),
        *label_sets,
    ]
    return [*tables, *shards, *members.file_sets(), *label_files], record_sets


class _Members:
    """The images and masks in the shards: one FileSet and one RecordSet for each."""

    def __init__(self, manifest: Manifest, splits: Sequence[PreparedSplit]) -> None:
        self._archives = [shard.file for shard in all_shards(manifest)]
        self._extensions: dict[str, tuple[str, ...]] = {}
        for facts in manifest.splits.values():
            for member in facts.members:
                stem, _, extension = member.rpartition(".")
                self._extensions[stem] = tuple(sorted({*self._extensions.get(stem, ()), extension}))
        self._modalities = manifest.modalities
        self._label_sets = manifest.label_sets
        keys = [key for split in splits for key in split.keys]
        #: Whether a key names one sample of the dataset, and so leads to its row in the index.
        self.disjoint = len(keys) == len(set(keys))

    def file_sets(self) -> list[Json]:
        """Return a FileSet per image, mask and for the records."""
        return [
            file_set(
                _files_of(stem),
                archives=self._archives,
                encodings=[_encoding(extension) for extension in extensions],
                includes=[f"*.{stem}.{extension}" if stem else f"*.{extension}" for extension in extensions],
            )
            for stem, extensions in self._extensions.items()
        ]

    def record_sets(self, card: DatasetCard) -> list[Json]:
        """Return the images of each modality and the masks of each label set, by key."""
        described = []
        for stem in (*self._modalities, *self._label_sets):
            if stem not in self._extensions:
                continue
            name = f"image-{stem}" if stem in self._modalities else f"mask-{stem}"
            fields = _key_fields(name, _files_of(stem), joined=self.disjoint)
            content = {"fileSet": {"@id": _files_of(stem)}, "extract": {"fileProperty": "content"}}
            if not set(self._extensions[stem]) <= set(_IMAGES):
                file = {**content, "extract": {"fileProperty": "filename"}}
                fields.append(field(f"{name}/file", ["sc:Text"], "name of the file; numpy.save wrote it", file))
            elif stem in self._modalities:
                fields.append(field(f"{name}/image", ["sc:ImageObject"], card.modalities[stem].sensor, content))
            else:
                types = ["cr:SegmentationMask", "sc:ImageObject", "cr:Label"]
                fields.append(field(f"{name}/mask", types, self._mask(stem), content))
            described.append(record_set(name, fields, key=[f"{name}/key"] if self.disjoint else []))
        return described

    def _mask(self, label_set: str) -> str:
        facts = self._label_sets[label_set]
        if facts.kind == "saliency":
            return "0 to 255, how salient a pixel is"
        ignored = LabelMap.from_json(facts.map).ignore_ids
        ids = f"ids of classes-{label_set}" + (f"; not scored: {', '.join(map(str, ignored))}" if ignored else "")
        return f"pixel values are {ids}"


def _samples(card: DatasetCard, manifest: Manifest, splits: Sequence[PreparedSplit]) -> Json:
    """Return the rows of the index: one per sample, without opening a shard."""

    def column(name: str, kind: str, meaning: str, source: str | None = None) -> Json:
        where = {"fileObject": {"@id": INDEX}, "extract": {"column": source or name}}
        return field(f"samples/{name}", [kind], meaning, where)

    split = column("split", "sc:Text", "name of the split")
    split["references"] = {"field": {"@id": "splits/name"}}
    fields = [
        column("key", "sc:Text", "names the sample in the shards and in prediction files"),
        split,
        column("image_id", "cr:Int64", "number that official result files use"),
        column("cluster", "sc:Text", f"frames that belong together share it: {card.clusters}"),
        column("width", "cr:Int64", f"pixels of {manifest.modalities[0]}"),
        column("height", "cr:Int64", f"pixels of {manifest.modalities[0]}"),
    ]
    for name in manifest.attributes:
        kind = attribute_type(value for opened in splits for value in opened.attributes[name])
        fields.append(column(name, _COLUMN_TYPES[kind], card.attributes[name].source, f"attr.{name}"))
    for name, facts in manifest.label_sets.items():
        if facts.kind == "boxes" and any(name in opened.store.index.box_counts for opened in splits):
            fields.append(column(f"{name}-boxes", "cr:Int64", f"boxes in {name}", f"boxes.{name}.count"))
    return record_set("samples", fields, key=["samples/split", "samples/key"])


def _records(joined: bool) -> Json:
    source = {"fileSet": {"@id": _files_of("")}, "extract": {"fileProperty": "content"}}
    fields = _key_fields("records", _files_of(""), joined=joined)
    fields.append(field("records/json", ["sc:Text"], "everything about the sample but its images, as JSON", source))
    return record_set("records", fields, key=["records/key"] if joined else [])


def _key_fields(name: str, files: str, *, joined: bool) -> list[Json]:
    """Return the key that a file's name holds and, where it leads to the index, the split that stands there."""
    source = {
        "fileSet": {"@id": files},
        "extract": {"fileProperty": "fullpath"},
        # A key has no dots. mlcroissant applies the expression twice where tables are joined: it fits its own result.
        "transform": {"regex": "^([^.]+)"},
    }
    key = field(f"{name}/key", ["sc:Text"], "names the sample", source)
    if not joined:
        return [key]
    key["references"] = {"fileObject": {"@id": INDEX}, "extract": {"column": "key"}}
    split = {"fileObject": {"@id": INDEX}, "extract": {"column": "split"}}
    return [key, field(f"{name}/split", ["sc:Text"], "name of the split", split)]


def _files_of(stem: str) -> str:
    return f"{stem}-files" if stem else RECORD_FILES


def _encoding(extension: str) -> str:
    if extension == "json":
        return "application/json"
    return _IMAGES.get(extension, "https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html")
