"""Prepared data as a sequence of samples: `open_split`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.schema import AttributeValue, LabelKind
from rgbtbench.conditions import NONE, parse_condition
from rgbtbench.errors import ShardError, did_you_mean
from rgbtbench.labels import LabelMap
from rgbtbench.loading.alteration import Alteration, SampleRoom, Source, altered
from rgbtbench.loading.frames import frame_size
from rgbtbench.loading.label_space import NATIVE, LabelLookup, look_up
from rgbtbench.loading.sample import Sample, read_sample
from rgbtbench.loading.store import SplitStore
from rgbtbench.locations import location
from rgbtbench.pair import IMAGE_EXTENSIONS
from rgbtbench.shards.index import read_index
from rgbtbench.shards.manifest import Manifest, read_manifest

#: Kinds of label set whose ids are looked up.
_WITH_CLASSES: Final = ("semantic", "boxes")


def open_split(
    root: str | Path,
    split: str,
    *,
    label_space: str = NATIVE,
    modalities: Sequence[str] | None = None,
    label_sets: Collection[str] | None = None,
) -> PreparedSplit:
    """Open one split of a prepared dataset; nothing is decoded yet.

    Args:
        root: folder that `rgbtbench prepare` wrote, or its address in a store: `s3://bucket/shards/mfnet`.
        split: `train`, `val`, `test`, …
        label_space: ids of masks and boxes: `native`, `unified`, or the name of another dataset.
        modalities: those to decode, in this order; all by default.
        label_sets: those to decode; all by default. Another dataset's label space needs a counterpart of these alone.

    Raises:
        ShardError: the folder is not prepared, damaged or of another format version, or lacks the split, a modality or
            a label set.
        UnknownNameError: no such label space.
        StoreError: the store does not answer.
    """
    folder = location(root)
    manifest = read_manifest(folder)
    store = SplitStore(folder, manifest, read_index(folder, split))
    rows = np.arange(len(store.index))
    lookups = {
        name: look_up(name, LabelMap.from_json(facts.map), kind=facts.kind, space=label_space)
        for name, facts in manifest.label_sets.items()
        if facts.kind in _WITH_CLASSES and (label_sets is None or name in label_sets)
    }
    opened = PreparedSplit(
        store=store,
        label_space=label_space,
        modalities=_stored_modalities(manifest, split),
        label_sets=tuple(manifest.label_sets),
        lookups=lookups,
        rows=rows,
    )
    return opened.only(modalities=modalities, label_sets=label_sets)


@dataclass(frozen=True, eq=False)
class PreparedSplit:
    """Samples of one split in official order, or a part of them; decoding happens on access.

    Views (`select`, `where`, `only`, `under`, `cached`) are new objects and cost nothing. Pickles are small, and every
    process maps the shards itself.

    Attributes:
        store: the members behind the view.
        label_space: `native`, `unified`, or another dataset's name.
        modalities: those that samples hold, in order.
        label_sets: those that samples hold.
        lookups: label set to how its ids appear in `label_space`.
        rows: int64 (N,), position in the whole split of each sample of the view.
        alteration: what is done to the images.
    """

    store: SplitStore = field(repr=False)
    label_space: str
    modalities: tuple[str, ...]
    label_sets: tuple[str, ...]
    lookups: Mapping[str, LabelLookup] = field(repr=False)
    rows: NDArray[np.int64] = field(repr=False)
    alteration: Alteration = field(default_factory=Alteration, repr=False)

    @property
    def manifest(self) -> Manifest:
        """The manifest of the prepared dataset."""
        return self.store.manifest

    @property
    def name(self) -> str:
        """Name of the split."""
        return self.store.index.split

    @property
    def condition(self) -> str:
        """Id of what is done to the images; see docs/conditions.md."""
        return str(self.alteration.condition)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The samples' keys, in order."""
        return self._column(self.store.index.keys)

    @cached_property
    def image_ids(self) -> tuple[int, ...]:
        """The number that official result files use for each sample."""
        return tuple(self.store.index.image_ids[self.rows].tolist())

    @cached_property
    def clusters(self) -> tuple[str | None, ...]:
        """Which samples belong together (sequence, scene); None where an image stands alone."""
        return self._column(self.store.index.clusters)

    @cached_property
    def attributes(self) -> dict[str, tuple[AttributeValue, ...]]:
        """Every attribute's value per sample; None where it is unknown."""
        return {name: self._column(values) for name, values in self.store.index.attributes.items()}

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Sample]:
        return (self[position] for position in range(len(self)))

    def __getitem__(self, position: int) -> Sample:
        return self.read(position)

    def read(self, position: int, room: SampleRoom | None = None) -> Sample:
        """Return a sample, as indexing does.

        Args:
            position: of the sample.
            room: memory for its images, which JPEG files are decoded into where no condition is in force and nothing
                is cached; None for memory of their own.
        """
        row = int(self.rows[position])
        source = Source(self.store, self.store.record(row), row, position, room)
        return read_sample(source, self.alteration, self.modalities, label_sets=self.label_sets, lookups=self.lookups)

    def record(self, position: int) -> dict[str, Any]:
        """Return the json member of one sample; no image is decoded. Treat it as read-only."""
        return self.store.record(int(self.rows[position]))

    def member(self, position: int, name: str) -> bytes:
        """Return one member as stored, whatever the condition.

        Args:
            position: of the sample.
            name: the member's extension: `rgb.png`, `semantic.png`, `json`.

        Raises:
            ShardError: no such member.
        """
        self._require("member", [name], self.store.index.offsets)
        return bytes(self.store.member(int(self.rows[position]), name))

    def label_map(self, label_set: str) -> LabelMap:
        """Return the total map of a label set from native ids to the unified space.

        Raises:
            ShardError: no such label set.
        """
        self._require("label set", [label_set], self.manifest.label_sets)
        return LabelMap.from_json(self.manifest.label_sets[label_set].map)

    def classes(self, label_set: str) -> dict[int, str]:
        """Return the classes that can appear in a label set, id in `label_space` to name.

        Raises:
            ShardError: no such label set, or one without classes.
        """
        self._require("label set with classes", [label_set], self.lookups)
        return dict(self.lookups[label_set].classes)

    def label_set_of(self, kind: LabelKind) -> str:
        """Return the only label set of this kind among `label_sets`.

        Raises:
            ShardError: none or several; names them.
        """
        found = [name for name in self.label_sets if self.manifest.label_sets[name].kind == kind]
        if len(found) != 1:
            raise ShardError(
                f"{len(found)} label sets of kind {kind} in this {self.manifest.dataset}",
                expected="one",
                remedy=f"name one of {', '.join(found)}" if found else "choose another task or dataset",
                path=self.store.root,
            )
        return found[0]

    def frame_size(self, position: int, label_set: str | None = None) -> tuple[int, int]:
        """Return height and width of the frame that a label set follows, or of the first modality."""
        return frame_size(self.record(position), label_set, self.manifest.modalities)

    def select(self, positions: Iterable[int]) -> PreparedSplit:
        """Return a view of some samples, in this order. A condition that is in force stays what it was."""
        chosen = np.array(list(positions), np.int64)
        return replace(self, rows=self.rows[chosen], alteration=self.alteration.select(chosen))

    def where(self, **wanted: AttributeValue | Collection[AttributeValue]) -> PreparedSplit:
        """Return a view of the samples with these attributes.

        Args:
            **wanted: attribute to its value, or to the values that are let through.

        Raises:
            ShardError: no such attribute.
        """
        columns = self.attributes
        self._require("attribute", wanted, columns)
        allowed = {
            name: value if isinstance(value, Collection) and not isinstance(value, str) else (value,)
            for name, value in wanted.items()
        }
        return self.select(
            position
            for position in range(len(self))
            if all(columns[name][position] in values for name, values in allowed.items())
        )

    def only(
        self, *, modalities: Sequence[str] | None = None, label_sets: Collection[str] | None = None
    ) -> PreparedSplit:
        """Return a view that decodes these modalities and label sets only; None leaves them as they are.

        Raises:
            ShardError: the data lacks one.
        """
        kept = self.modalities if modalities is None else tuple(modalities)
        sets = self.label_sets if label_sets is None else tuple(label_sets)
        self._require("modality", kept, _stored_modalities(self.manifest, self.name))
        self._require("label set", sets, self.manifest.label_sets)
        self._require("opened label set", sets, self._opened_sets())
        return replace(self, modalities=kept, label_sets=sets)

    def in_space(self, label_space: str, label_set: str, lookup: LabelLookup) -> PreparedSplit:
        """Return a view whose label set appears in a label space that only the caller knows, such as a joint one.

        Args:
            label_space: its name.
            label_set: whose ids change.
            lookup: from native ids.
        """
        return replace(self, label_space=label_space, lookups={**self.lookups, label_set: lookup})

    def under(self, condition: str) -> PreparedSplit:
        """Return a view in which a condition is in force, beside those that are already; see docs/conditions.md.

        Swapping takes place among the samples of this view; a mean is that of the whole split.

        Raises:
            UnknownNameError: no such condition for this data.
            ConditionError: it excludes one in force, or moves what the labels of this view follow.
        """
        if condition == NONE:
            return self
        whole = condition if self.condition == NONE else f"{self.condition}+{condition}"
        known = dict.fromkeys((*self.modalities, *sorted(self.alteration.condition.modalities)))
        parsed = parse_condition(whole, tuple(known))
        alteration = altered(parsed, self.alteration, self.store, self.rows, self.label_sets)
        return replace(self, alteration=alteration)

    def cached(self) -> PreparedSplit:
        """Return a view that keeps every decoded image, mask and record in memory after its first use.

        Worth it for sets that fit and are read many times in one process: 480 pairs of 128x96 with a mask take 30 MB,
        MFNet's 1,569 pairs of 640x480 2.4 GB. Worker processes each keep their own. Further views share what is kept.
        """
        return self if self.store.cached else replace(self, store=self.store.caching())

    def _opened_sets(self) -> list[str]:
        """Return the label sets whose labels can be translated to `label_space`, and those without classes."""
        sets = self.manifest.label_sets.items()
        return [name for name, facts in sets if facts.kind not in _WITH_CLASSES or name in self.lookups]

    def _column(self, values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(values[row] for row in self.rows.tolist())

    def _require(self, what: str, names: Iterable[str], known: Iterable[str]) -> None:
        available = tuple(known)
        for name in names:
            if name not in available:
                raise ShardError(
                    f"no {what} {name!r} in this {self.manifest.dataset}",
                    remedy=did_you_mean(name, available),
                    path=self.store.root,
                )


def _stored_modalities(manifest: Manifest, split: str) -> tuple[str, ...]:
    members = manifest.split(split).members
    return tuple(
        name for name in manifest.modalities if {f"{name}.{extension}" for extension in IMAGE_EXTENSIONS} & set(members)
    )
