"""The plan: which samples lie in which shard, decided from names and file sizes before any image is opened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets.source import DatasetSource, Layout, recognise
from rgbtbench.errors import InputFileError, LayoutError, ShardError, UnknownNameError, did_you_mean
from rgbtbench.locations import is_remote, store_errors
from rgbtbench.pair import Entry, check_key
from rgbtbench.shards.fingerprint import InputFile, describe_inputs
from rgbtbench.shards.manifest import Check, PlanFacts
from rgbtbench.stored_files import require_answer

#: Large enough that opening a shard costs nothing beside reading it, small enough to redo after a crash.
SHARD_BYTES: Final = 128 * 1_000_000

_SPLIT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# webdataset takes a first folder of this form for metadata of its own and skips it silently.
_SKIPPED_BY_WEBDATASET = re.compile(r"__[^/]*__/")


@dataclass(frozen=True, slots=True)
class Options:
    """What a user decides about the shards.

    Attributes:
        splits: which to take; None for all that there are.
        limit: take only the first samples of each split.
        shard_bytes: all shards of a split hold the same number of samples, the largest power of two whose input
            files have this size on average. A file that several samples share, such as one annotation list, counts
            once. A repaired file changes its size, so the steps are coarse: other shards stay as they are.
        check: `probe` photographs, decode them in `full`, or believe their headers with `none`.

    Raises:
        ShardError: `limit` or `shard_bytes` below 1.
    """

    splits: tuple[str, ...] | None = None
    limit: int | None = None
    shard_bytes: int = SHARD_BYTES
    check: Check = "probe"

    def __post_init__(self) -> None:
        if self.shard_bytes < 1 or (self.limit is not None and self.limit < 1):
            raise ShardError(f"shard_bytes {self.shard_bytes} and limit {self.limit}", expected="numbers from 1")


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """One shard to be.

    Attributes:
        split: its split.
        number: position among the split's shards, from 0.
        entries: the samples in order.
        inputs: every input file of these samples once.
    """

    split: str
    number: int
    entries: tuple[Entry, ...]
    inputs: tuple[InputFile, ...]

    @property
    def name(self) -> str:
        """`train-000000`."""
        return f"{self.split}-{self.number:06d}"

    @property
    def file(self) -> str:
        """Path in the prepared dataset."""
        return f"shards/{self.name}.tar"


@dataclass(frozen=True, slots=True)
class Plan:
    """What `prepare` will do.

    Attributes:
        root: folder of the official files, on disk or in a store.
        layout: how they lie there.
        facts: the choices that the manifest repeats.
        shards: all shards, splits in alphabetical order.
    """

    root: Path
    layout: Layout
    facts: PlanFacts
    shards: tuple[ShardPlan, ...]

    @property
    def samples(self) -> int:
        """Samples of all splits."""
        return sum(len(shard.entries) for shard in self.shards)

    @property
    def input_bytes(self) -> int:
        """Bytes of all input files that exist, each counted once."""
        sizes = {file.path: file.size for shard in self.shards for file in shard.inputs}
        return sum(size for size in sizes.values() if size > 0)


def plan(source: DatasetSource, card: DatasetCard, root: Path, options: Options) -> Plan:
    """List all samples and divide them into shards; opens list files at most.

    Raises:
        LayoutError: the folder matches no layout, or holds no samples.
        UnknownNameError: a split that does not exist.
        InputFileError: two samples with one key, a name that cannot be stored, or a folder that cannot be read.
        StoreError: `root` lies in a store that does not answer.
    """
    by_split: dict[str, list[Entry]] = {}
    with store_errors(root), _disk_errors(root):
        require_answer(root)
        layout = recognise(source, root)
        for entry in source.entries(root, layout):
            by_split.setdefault(entry.split, []).append(entry)
    chosen = _chosen_splits(by_split, options.splits, card, root)
    for split in by_split:
        by_split[split].sort(key=lambda entry: entry.order)
        _check_split(split, by_split[split], root)
    _check_keys_between_splits(by_split, root)
    shards = [
        shard
        for split in chosen
        for shard in _shards(root, split, by_split[split][: options.limit], shard_bytes=options.shard_bytes)
    ]
    facts = PlanFacts(shard_bytes=options.shard_bytes, limit=options.limit, splits=tuple(chosen), check=options.check)
    return Plan(root=root, layout=layout, facts=facts, shards=tuple(shards))


@contextmanager
def _disk_errors(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_remote(root):
            raise
        raise InputFileError(
            f"cannot be read: {error.strerror or error}",
            path=error.filename or root,
            remedy="check what it is, and its permissions",
        ) from error


def _chosen_splits(found: Iterable[str], asked: Sequence[str] | None, card: DatasetCard, root: Path) -> list[str]:
    if not found:
        raise LayoutError(
            "lists no samples", path=root, remedy="unpack the list files again, or check that the lists are not empty"
        )
    if asked is None:
        return _wanted_by_default(found, card, root)
    in_card = {split for edition in card.editions.values() for split in edition.splits}
    for split in asked:
        if split in found:
            continue
        if split in in_card:
            raise LayoutError(
                f"holds no samples of split {split!r}",
                path=root,
                remedy=f"add the files of {split}, or choose among {', '.join(sorted(found))}",
            )
        raise UnknownNameError(f"{card.name} has no split {split!r}", remedy=did_you_mean(split, found))
    if not asked:
        raise LayoutError("no split was chosen", path=root, remedy=f"choose among {', '.join(sorted(found))}")
    return sorted(set(asked))


def _wanted_by_default(found: Iterable[str], card: DatasetCard, root: Path) -> list[str]:
    on_request = {
        split for edition in card.editions.values() for split, facts in edition.splits.items() if facts.on_request
    }
    wanted = sorted(set(found) - on_request)
    if not wanted:
        raise LayoutError(
            f"holds only splits that are prepared when named: {', '.join(sorted(found))}",
            path=root,
            remedy="name one with --split",
        )
    return wanted


def _check_split(split: str, entries: Sequence[Entry], root: Path) -> None:
    if not _SPLIT.fullmatch(split):
        raise InputFileError(
            f"split name {split!r}",
            expected="lower-case letters, digits, `_` and `-`",
            path=root,
            remedy="rename the split in the dataset's module",
        )
    for entry in entries:
        if _SKIPPED_BY_WEBDATASET.match(check_key(entry.key)):
            raise InputFileError(
                f"webdataset would skip the key {entry.key!r}", path=root, remedy="map it to another key"
            )
    for what in ("key", "order", "image_id"):
        owners: dict[object, str] = {}
        for entry in entries:
            value = getattr(entry, what)
            if value is not None and value in owners:
                raise InputFileError(
                    f"{owners[value]!r} and {entry.official_id!r} in split {split} share the {what} {value!r}",
                    path=root,
                    remedy="correct the list, or the dataset's module",
                )
            owners[value] = entry.official_id


def _check_keys_between_splits(by_split: dict[str, list[Entry]], root: Path) -> None:
    # Official lists may overlap (train and trainval), and a split may add labels; two different samples under one key
    # may not.
    owners: dict[str, Entry] = {}
    for entries in by_split.values():
        for entry in entries:
            other = owners.setdefault(entry.key, entry)
            shared = other.files.keys() & entry.files.keys()
            if other.official_id != entry.official_id or any(other.files[it] != entry.files[it] for it in shared):
                raise InputFileError(
                    f"{other.official_id!r} in split {other.split} and {entry.official_id!r} in split {entry.split} "
                    f"share the key {entry.key!r}",
                    path=root,
                    remedy="correct the lists, or give them different keys in the dataset's module",
                )


def _shards(root: Path, split: str, entries: Sequence[Entry], *, shard_bytes: int) -> Iterator[ShardPlan]:
    paths = dict.fromkeys(path for entry in entries for path in entry.files.values())
    described = {file.path: file for file in describe_inputs(root, paths)}
    total = sum(max(file.size, 0) for file in described.values())
    step = _power_of_two_below(shard_bytes * len(entries) // max(total, 1))
    for number, start in enumerate(range(0, len(entries), step)):
        held = tuple(entries[start : start + step])
        paths = dict.fromkeys(path for entry in held for path in entry.files.values())
        yield ShardPlan(split, number, held, tuple(described[path] for path in paths))


def _power_of_two_below(number: int) -> int:
    return 1 << (max(number, 1).bit_length() - 1)
