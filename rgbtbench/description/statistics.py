"""What prepared data holds, counted: pairs, attributes, classes and sizes per split.

Read from the samples' records alone, so that no image is decoded. The names are those of the card's expectations
(`rgbtbench.cards.dataset.SplitFacts`), so that both can be laid side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field

from rgbtbench import __version__
from rgbtbench.cards.schema import Name, Sha256, Strict
from rgbtbench.labels import LabelMap
from rgbtbench.progress import Progress, Silent, track
from rgbtbench.shards.manifest import LabelSet, Manifest, Split, read_manifest
from rgbtbench.shards.records import Record, shard_records

#: An attribute with more values than this (a frame number, a temperature) is described by their number.
MOST_VALUES: Final = 64

_SILENT = Silent()


class Sizes(Strict):
    """Smallest and largest images of a modality, in pixels."""

    width: tuple[int, int]
    height: tuple[int, int]


class SplitStatistics(Strict):
    """One split, counted."""

    pairs: int
    clusters: int | None = Field(
        description="groups of frames that belong together; null where every image stands alone"
    )
    sizes: dict[Name, Sizes] = Field(description="by modality")
    attributes: dict[Name, dict[str, int]] = Field(description="attribute to value to pairs")
    distinct: dict[Name, int] = Field(description="attributes with too many values to list: how many they have")
    objects: dict[Name, dict[str, int]] = Field(description="box set to class name to boxes, ignored ones included")
    ignored: dict[Name, int] = Field(description="box set to boxes that are neither hit nor miss")
    images: dict[Name, dict[str, int]] = Field(
        description="mask or box set to class name to pairs in which the class occurs"
    )
    captions: dict[Name, int] = Field(description="text set to texts")


class Statistics(Strict):
    """Prepared data, counted."""

    format: Literal["rgbtbench-statistics"] = "rgbtbench-statistics"
    version: Literal[1] = 1
    rgbtbench: str = Field(description="version that counted")
    dataset: Name
    edition: str = Field(description="of the manifest; `unlisted` for data of no listed edition")
    data_hash: Sha256
    labels_hash: Sha256
    splits: dict[Name, SplitStatistics]


def statistics(data: Path, *, progress: Progress = _SILENT) -> Statistics:
    """Count what prepared data holds.

    Args:
        data: folder that `prepare` wrote.
        progress: is told of samples.

    Raises:
        ShardError: it is no prepared dataset, or damaged.
    """
    manifest = read_manifest(data)
    splits = {}
    for name, facts in sorted(manifest.splits.items(), key=lambda item: _usual_order(item[0])):
        records = (record for shard in facts.shards for record, _, _ in shard_records(data, shard))
        tracked = track(records, progress, f"counting {name}", total=facts.samples, unit="samples")
        splits[name] = _counted(tracked, facts, manifest)
    _complete(splits.values())
    return Statistics(
        rgbtbench=__version__,
        dataset=manifest.dataset,
        edition=manifest.edition,
        data_hash=manifest.data_hash,
        labels_hash=manifest.labels_hash,
        splits=splits,
    )


def _complete(splits: Collection[SplitStatistics]) -> None:
    """Add a zero for every value of an attribute that another split has."""
    for name in {name for found in splits for name in found.attributes}:
        values = sorted({value for found in splits for value in found.attributes.get(name, {})})
        for found in splits:
            if name in found.attributes:
                found.attributes[name] = {value: found.attributes[name].get(value, 0) for value in values}


def _usual_order(split: str) -> tuple[int, str]:
    """Return where a split stands: training, validation, test, then others."""
    starts = ("train", "val", "test")
    return next((place for place, start in enumerate(starts) if split.startswith(start)), len(starts)), split


def _counted(records: Iterable[Record], facts: Split, manifest: Manifest) -> SplitStatistics:
    clusters: set[str] = set()
    alone = 0
    sides: dict[str, Counter[tuple[int, int]]] = {}
    attributes: dict[str, Counter[str]] = {name: Counter() for name in manifest.attributes}
    objects: dict[str, Counter[int]] = {}
    ignored: Counter[str] = Counter()
    images: dict[str, Counter[int]] = {}
    captions: Counter[str] = Counter()
    for record in records:
        alone += record["cluster"] is None
        clusters |= {record["cluster"]} - {None}
        for name, image in record["images"].items():
            sides.setdefault(name, Counter())[image["width"], image["height"]] += 1
        for name, value in record["attributes"].items():
            attributes[name][_text(value)] += 1
        for name, boxes in record["boxes"].items():
            objects.setdefault(name, Counter()).update(boxes["labels"])
            ignored[name] += sum(boxes["ignore"])
            images.setdefault(name, Counter()).update(set(boxes["labels"]))
        for name, mask in record["masks"].items():
            if mask["kind"] == "semantic":
                images.setdefault(name, Counter()).update(mask["values"])
        for name, texts in record["text"].items():
            captions[name] += len(texts["captions"])
    return SplitStatistics(
        pairs=facts.samples,
        clusters=len(clusters) + alone if clusters else None,
        sizes={name: _extremes(found) for name, found in sides.items()},
        attributes={
            name: dict(sorted(found.items())) for name, found in attributes.items() if len(found) <= MOST_VALUES
        },
        distinct={name: len(found) for name, found in attributes.items() if len(found) > MOST_VALUES},
        objects=_by_class(objects, manifest.label_sets),
        ignored=dict(ignored),
        images=_by_class(images, manifest.label_sets),
        captions=dict(captions),
    )


def _by_class(counted: Mapping[str, Counter[int]], label_sets: Mapping[str, LabelSet]) -> dict[str, dict[str, int]]:
    """Return counts by class name, classes in the order of their ids, those without any included."""
    names = {name: LabelMap.from_json(label_sets[name].map).native for name in counted}
    return {
        name: {native: found[number] for number, native in sorted(names[name].items())}
        for name, found in counted.items()
    }


def _extremes(sides: Mapping[tuple[int, int], int]) -> Sizes:
    widths, heights = zip(*sides, strict=True)
    return Sizes(width=(min(widths), max(widths)), height=(min(heights), max(heights)))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "unknown" if value is None else str(value)
