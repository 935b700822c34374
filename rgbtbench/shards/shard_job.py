"""The work on one shard: open its samples, write the tar file, remember what was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets.source import DatasetSource, Layout
from rgbtbench.errors import InputFileError, ShardError, StoreError, UserError
from rgbtbench.formats.image_file import decode_image, headers_alone, probe
from rgbtbench.labels import LabelMap
from rgbtbench.pair import Entry, Pair
from rgbtbench.shards.content import data_item, labels_item
from rgbtbench.shards.fingerprint import input_sha256
from rgbtbench.shards.index import index_row
from rgbtbench.shards.manifest import Check
from rgbtbench.shards.mirror import on_disk
from rgbtbench.shards.output_file import Beside, DirectFile, HashedFile
from rgbtbench.shards.plan import Plan, ShardPlan
from rgbtbench.shards.quarantine import Refusal, refusal
from rgbtbench.shards.record import ImageRecord, MaskRecord, SampleRecord
from rgbtbench.shards.sample import Signature, StoredSample, label_maps, stored_sample
from rgbtbench.shards.state import STAGED, SampleState, ShardState, Written, write_state
from rgbtbench.shards.storage import remove, whole_file
from rgbtbench.shards.tar import TarWriter
from rgbtbench.stored_files import file_facts


@dataclass(frozen=True, slots=True)
class ShardJob:
    """Everything that a worker needs to build one shard.

    Attributes:
        source, card: the dataset.
        root, layout: the official files, on disk or in a store.
        out: the prepared dataset.
        shard: samples and input files.
        code: fingerprint of the code that the plan was made with.
        plan_sha256: remembered with the result; see `shard_plan_sha256`.
        signature: what every sample of the split holds; None when none of them can be opened.
        check: how photographs are checked.
        staged: a published manifest names the shard's file, so the new one waits beside it.
    """

    source: DatasetSource
    card: DatasetCard
    root: Path
    layout: Layout
    out: Path
    shard: ShardPlan
    code: str
    plan_sha256: str
    signature: Signature | None
    check: Check
    staged: bool


def build_shard(job: ShardJob, advance: Callable[[], None]) -> None:
    """Write one shard and remember it; faulty samples are remembered with their reasons.

    Args:
        job: what to build.
        advance: called after each sample; may raise to abandon the shard, which then leaves nothing behind.

    Raises:
        ShardError: the disk is full, or the file cannot be written.
        StoreError: a store does not answer.
    """
    inputs = job.shard.inputs
    official = on_disk(job.root, inputs)
    maps = label_maps(job.card)
    samples, refused = list[SampleState](), list[Refusal]()
    known: dict[str, str | None] = {}
    target = job.out / f"{job.shard.file}{STAGED if job.staged else ''}"
    with whole_file(target) as file, Beside(hashed := HashedFile(DirectFile(file))) as output:
        writer = TarWriter(output)
        for entry in job.shard.entries:
            try:
                stored = _stored(job, official, entry, maps)
                placed = writer.add(entry.key, stored.members)
            except StoreError:
                raise
            except UserError as error:
                refused.append(refusal(entry, error, official))
            else:
                record = stored.plain
                row = index_row(record, job.shard.file, placed, modalities=list(job.card.modalities))
                values = {name: mask.values for name, mask in stored.record.masks.items() if mask.kind == "semantic"}
                samples.append(SampleState(row=row, data=data_item(record), labels=labels_item(record), values=values))
                known |= _official_hashes(stored.record)
            advance()
        writer.finish()
    written = None
    if samples:
        written = Written(bytes=writer.size, version=_version(target), sha256=hashed.sha256)
    else:
        remove(target)
    state = ShardState(
        plan_sha256=job.plan_sha256,
        inputs=inputs,
        input_sha256={file.path: known.get(file.path) or input_sha256(official, file.path) for file in inputs},
        written=written,
        samples=tuple(samples),
        refused=tuple(refused),
    )
    write_state(job.out, job.shard.name, state)


def split_signature(source: DatasetSource, card: DatasetCard, plan: Plan, split: str) -> Signature | None:
    """Return what the first sound sample of a split holds, which all others must hold too; None without one.

    Raises:
        StoreError: a store does not answer.
    """
    maps = label_maps(card)
    for shard in (shard for shard in plan.shards if shard.split == split):
        inputs = shard.inputs
        for entry in shard.entries:
            own = set(entry.files.values())
            official = on_disk(plan.root, [file for file in inputs if file.path in own])
            try:
                return stored_sample(_opened(source, official, plan.layout, entry), card, maps).signature
            except StoreError:
                raise
            except UserError:
                continue
    return None


def _version(target: Path) -> int | str:
    facts = file_facts(target)
    if facts is None:
        raise ShardError("vanished as soon as it was written", path=target, remedy="let nothing else write here")
    return facts.version


def _stored(job: ShardJob, official: Path, entry: Entry, maps: Mapping[str, LabelMap]) -> StoredSample:
    with headers_alone() if job.check == "none" else nullcontext():
        pair = _opened(job.source, official, job.layout, entry)
    if job.check == "full":
        for image in pair.images.values():
            decode_image(image.data, probe(image.data), path=official / image.source)
    stored = stored_sample(pair, job.card, maps)
    difference = "" if job.signature is None else job.signature.difference(stored.signature)
    if difference:
        raise InputFileError(
            f"{difference}, unlike the first sample of split {entry.split}",
            expected="the same members in every sample of a split",
            remedy="add what is missing, or leave the sample out",
        )
    return stored


def _opened(source: DatasetSource, root: Path, layout: Layout, entry: Entry) -> Pair:
    try:
        return source.pair(root, layout, entry)
    except OSError as error:
        raise InputFileError(
            f"cannot be read: {error.strerror or error}",
            path=error.filename,
            remedy="check the file and its permissions",
        ) from error
    except UserError:
        raise
    except Exception as error:
        error.add_note(f"while opening {entry.split}/{entry.key} of {source.name} below {root}")
        raise


def _official_hashes(record: SampleRecord) -> dict[str, str | None]:
    stored: list[ImageRecord | MaskRecord] = [*record.images.values(), *record.masks.values()]
    return {item.source: item.sha256 for item in stored if item.conversion is None}
