"""The plan: which samples lie in which shard, decided from names and file sizes before any image is opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets.source import DatasetSource, Layout, recognise
from rgbtbench.errors import InputFileError, ShardError
from rgbtbench.locations import is_remote, store_errors
from rgbtbench.pair import Entry
from rgbtbench.shards.fingerprint import InputFile, InputListing
from rgbtbench.shards.listing import TOGETHER, DistinctSizes, Listing, PackedEntries, PackedFiles
from rgbtbench.shards.listing_checks import check_keys_between_splits, check_split, chosen_splits
from rgbtbench.shards.manifest import Check, PlanFacts
from rgbtbench.stored_files import require_answer

#: Large enough that opening a shard costs nothing beside reading it, small enough to redo after a crash.
SHARD_BYTES: Final = 128 * 1_000_000


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
        parts: its samples in order and their input files, packed.
    """

    split: str
    number: int
    parts: tuple[tuple[PackedEntries, PackedFiles], ...]

    @property
    def samples(self) -> int:
        """Number of samples."""
        return sum(entries.count for entries, _ in self.parts)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The samples in order; made anew by each use."""
        return tuple(entry for entries, _ in self.parts for entry in entries)

    @property
    def inputs(self) -> tuple[InputFile, ...]:
        """Every input file of these samples once; made anew by each use."""
        found: dict[str, InputFile] = {}
        for _, files in self.parts:
            for file in files:
                found.setdefault(file.path, file)
        return tuple(found.values())

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
        return sum(shard.samples for shard in self.shards)

    @property
    def input_bytes(self) -> int:
        """Bytes of all input files that exist, each counted once."""
        sizes = DistinctSizes()
        for shard in self.shards:
            for _, files in shard.parts:
                sizes.add(files)
        return sizes.total()


def plan(source: DatasetSource, card: DatasetCard, root: Path, options: Options) -> Plan:
    """List all samples and divide them into shards; opens list files at most.

    Raises:
        LayoutError: the folder matches no layout, or holds no samples.
        UnknownNameError: a split that does not exist.
        InputFileError: two samples with one key, a name that cannot be stored, or a folder that cannot be read.
        StoreError: `root` lies in a store that does not answer.
    """
    listed: dict[str, Listing] = {}
    with store_errors(root), _errors_of_listing(root):
        require_answer(root)
        layout = recognise(source, root)
        for entry in source.entries(root, layout):
            if entry.split not in listed:
                listed[entry.split] = Listing()
            listed[entry.split].add(entry)
    chosen = chosen_splits(listed, options.splits, card, root)
    for split, listing in listed.items():
        listed[split] = listing.sorted()
        check_split(split, listed[split], root)
    check_keys_between_splits(listed, root)
    inputs = InputListing(root)
    shards = [shard for split in chosen for shard in _shards(inputs, split, listed[split], options)]
    facts = PlanFacts(shard_bytes=options.shard_bytes, limit=options.limit, splits=tuple(chosen), check=options.check)
    return Plan(root=root, layout=layout, facts=facts, shards=tuple(shards))


@contextmanager
def _errors_of_listing(root: Path) -> Iterator[None]:
    """Let every error name a place: the root, where a name of a file cannot be stored."""
    try:
        yield
    except InputFileError as error:
        if error.path is not None:
            raise
        raise InputFileError(error.found, expected=error.expected, remedy=error.remedy, path=root) from error
    except OSError as error:
        if is_remote(root):
            raise
        raise InputFileError(
            f"cannot be read: {error.strerror or error}",
            path=error.filename or root,
            remedy="check what it is, and its permissions",
        ) from error


def _shards(inputs: InputListing, split: str, listing: Listing, options: Options) -> Iterator[ShardPlan]:
    parts: list[tuple[PackedEntries, PackedFiles]] = []
    sizes, samples = DistinctSizes(), 0
    for some in listing.packed(options.limit):
        files = inputs.describe(_paths(some))
        parts.append((some, PackedFiles.of(files)))
        sizes.add(files)
        samples += some.count
    step = _power_of_two_below(options.shard_bytes * samples // max(sizes.total(), 1))
    if step < TOGETHER:
        parts = [part for some, files in parts for part in _divided(some, files, step)]
    each = max(step // TOGETHER, 1)
    for number, start in enumerate(range(0, len(parts), each)):
        yield ShardPlan(split, number, tuple(parts[start : start + each]))


def _divided(some: PackedEntries, files: PackedFiles, step: int) -> Iterator[tuple[PackedEntries, PackedFiles]]:
    entries, described = list(some), {file.path: file for file in files}
    for start in range(0, len(entries), step):
        held = entries[start : start + step]
        yield PackedEntries.of(held), PackedFiles.of(described[path] for path in _paths(held))


def _paths(entries: Iterable[Entry]) -> dict[str, None]:
    return dict.fromkeys(path for entry in entries for path in entry.files.values())


def _power_of_two_below(number: int) -> int:
    return 1 << (max(number, 1).bit_length() - 1)
