"""`prepare`: official files become shards with a manifest. Specification: docs/formats/shards.md.

Nothing is ever half there: a shard appears whole under its name, and the folder becomes a prepared dataset when
the manifest is written, last. Whatever ends a run, the next one keeps every finished shard that is still current.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards.catalog import dataset_card
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets.registry import dataset
from rgbtbench.datasets.source import DatasetSource
from rgbtbench.progress import Progress, Silent
from rgbtbench.shards.content import edition_of
from rgbtbench.shards.destination import SHARDS, check_destination, check_same_plan, claim, published
from rgbtbench.shards.executor import Executor
from rgbtbench.shards.expectations import planned_differences, refuse
from rgbtbench.shards.fingerprint import code_fingerprint
from rgbtbench.shards.index_file import all_shards
from rgbtbench.shards.lock import locked
from rgbtbench.shards.manifest import Difference, Manifest
from rgbtbench.shards.merge import merge, refusals
from rgbtbench.shards.plan import Options, Plan, plan
from rgbtbench.shards.publish import publish
from rgbtbench.shards.quarantine import QUARANTINE, too_many, write_quarantine
from rgbtbench.shards.sample import Signature
from rgbtbench.shards.shard_job import ShardJob, split_signature
from rgbtbench.shards.state import is_current, read_states, shard_plan_sha256
from rgbtbench.shards.storage import STATE, make_folder
from rgbtbench.shards.workers import LocalProcesses
from rgbtbench.stored_files import folder_listing

_EVERYTHING: Final = Options()
_SILENT: Final = Silent()
_HERE: Final = LocalProcesses()


@dataclass(frozen=True, slots=True)
class SplitSummary:
    """One split of a plan."""

    split: str
    pairs: int
    shards: int


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What `prepare` would do.

    Attributes:
        dataset, layout: names.
        edition: what the result would be, if no input is faulty.
        bytes: size of all input files.
        splits: in alphabetical order.
        differences: from the card's counts and keys; see `expectations.planned_differences`.
    """

    dataset: str
    layout: str
    edition: str
    bytes: int
    splits: tuple[SplitSummary, ...]
    differences: tuple[Difference, ...]

    def to_json(self) -> dict[str, object]:
        """Return the summary as plain data."""
        return {**asdict(self), "differences": [item.model_dump(mode="json") for item in self.differences]}


def plan_dataset(name: str, root: Path, *, options: Options = _EVERYTHING) -> PlanSummary:
    """Say what `prepare_dataset` would do, without opening images or writing anything; raises as `plan` does."""
    card = dataset_card(name)
    planned = plan(dataset(name), card, root, options)
    keys: dict[str, list[str]] = {}
    for shard in planned.shards:
        keys.setdefault(shard.split, []).extend(entry.key for entry in shard.entries)
    counts = {split: (len(listed), keys_sha256(listed)) for split, listed in keys.items()}
    shards = Counter(shard.split for shard in planned.shards)
    return PlanSummary(
        dataset=name,
        layout=planned.layout.name,
        edition=edition_of(card, counts, whole=options.limit is None),
        bytes=planned.input_bytes,
        splits=tuple(SplitSummary(split, len(listed), shards[split]) for split, listed in keys.items()),
        differences=planned_differences(card, planned),
    )


def prepare_dataset(
    name: str,
    root: Path,
    out: Path,
    *,
    options: Options = _EVERYTHING,
    executor: Executor = _HERE,
    workers: int | None = None,
    rehash: bool = False,
    allow_differences: bool = False,
    replace: bool = False,
    progress: Progress = _SILENT,
) -> Manifest:
    """Prepare a dataset by its name; see `prepare`.

    Raises:
        UnknownNameError: no such dataset; the closest are named.
    """
    return prepare(
        dataset(name),
        dataset_card(name),
        root,
        out,
        options=options,
        executor=executor,
        workers=workers,
        rehash=rehash,
        allow_differences=allow_differences,
        replace=replace,
        progress=progress,
    )


def prepare(
    source: DatasetSource,
    card: DatasetCard,
    root: Path,
    out: Path,
    *,
    options: Options = _EVERYTHING,
    executor: Executor = _HERE,
    workers: int | None = None,
    rehash: bool = False,
    allow_differences: bool = False,
    replace: bool = False,
    progress: Progress = _SILENT,
) -> Manifest:
    """Turn a dataset's official files into shards, and return the manifest.

    The bytes written depend on the files and the options only, never on `executor`, `workers`, the clock, or on
    whether files lie on disk or in a store.

    Args:
        source: the dataset's module; it must be importable from worker processes.
        card: its card.
        root: folder of the official files; see `rgbtbench.locations.location` for one in a store.
        out: folder to write; new, empty, or holding this dataset from an earlier run.
        options: what to take, and how to divide and check it.
        executor: where shards are built.
        workers: shards that are built at a time; None for one per core, 1 for this process alone.
        rehash: when deciding what is still current, compare the content of input files instead of their version.
        allow_differences: go on where files and card disagree about what the dataset holds; the manifest lists how.
        replace: let another plan take the place of a finished dataset.
        progress: is told of samples done, and of what is re-used.

    Raises:
        LayoutError: `root` is not this dataset's.
        DifferenceError: the files differ from the card's counts and that is not allowed. Keys are compared before any
            work; classes and attributes before anything is published.
        ShardError: `out` cannot be used or written, or holds the result of another plan; the disk is full, or more
            inputs are faulty than the card allows. Finished shards stay, and a published dataset stays as it was.
        StoreError: a store does not answer; finished shards stay.
    """
    planned = plan(source, card, root, options)
    differences = planned_differences(card, planned)
    if not allow_differences:
        refuse(differences, card, root)
    check_destination(out, root, card.name)
    make_folder(out / STATE)
    with locked(out):
        if not replace:
            check_same_plan(out, planned.facts)
        claim(out, card.name)
        signatures = {split: split_signature(source, card, planned, split) for split in planned.facts.splits}
        jobs = _outdated(source, card, planned, out, signatures, rehash=rehash)
        _say_what_is_reused(planned, jobs, progress)
        progress.start(f"prepare {card.name}", planned.samples, "samples")
        try:
            progress.advance(planned.samples - sum(job.shard.samples for job in jobs))
            executor.build(jobs, workers=workers, progress=progress)
        finally:
            progress.finish()
        refused = refusals(out, planned)
        if len(refused) > card.allowed_faulty:
            listing = out / STATE / QUARANTINE
            write_quarantine(listing, refused)
            raise too_many(refused, samples=planned.samples, allowed=card.allowed_faulty, listing=listing)
        merged = merge(out, planned, card, signatures, known=differences)
        if not allow_differences:
            refuse(merged.manifest.differences, card, root)
        publish(out, planned, merged, refused)
    return merged.manifest


def _outdated(
    source: DatasetSource,
    card: DatasetCard,
    planned: Plan,
    out: Path,
    signatures: Mapping[str, Signature | None],
    *,
    rehash: bool,
) -> list[ShardJob]:
    before = published(out)
    visible = set() if before is None else {shard.file for shard in all_shards(before)}
    code, there = code_fingerprint(source), folder_listing(out / SHARDS)
    jobs: list[ShardJob] = []
    states = read_states(out, (shard.name for shard in planned.shards))
    for shard, state in zip(planned.shards, states, strict=True):
        signature = signatures[shard.split]
        expected = shard_plan_sha256(planned, shard, card=card, code=code, signature=signature)
        if not is_current(state, out, planned.root, shard, expected, there=there, rehash=rehash):
            jobs.append(
                ShardJob(
                    source=source,
                    card=card,
                    root=planned.root,
                    layout=planned.layout,
                    out=out,
                    shard=shard,
                    plan_sha256=expected,
                    code=code,
                    signature=signature,
                    check=planned.facts.check,
                    staged=shard.file in visible,
                )
            )
    return jobs


def _say_what_is_reused(planned: Plan, jobs: Sequence[ShardJob], progress: Progress) -> None:
    kept = len(planned.shards) - len(jobs)
    if kept:
        progress.say(f"re-used {kept} of {len(planned.shards)} shards: their inputs have not changed")
