"""What is remembered of each finished shard, so that the next `prepare` can tell whether to keep it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from rgbtbench.canonical import content_sha256
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.pair import PAIR_VERSION
from rgbtbench.shards.fingerprint import InputFile, input_sha256
from rgbtbench.shards.listing import entry_row
from rgbtbench.shards.manifest import VERSION
from rgbtbench.shards.plan import Plan, ShardPlan
from rgbtbench.shards.quarantine import Refusal
from rgbtbench.shards.record import RECORD_VERSION
from rgbtbench.shards.sample import Signature
from rgbtbench.shards.storage import STATE, write_file
from rgbtbench.stored_files import FileFacts, contents, file_facts, file_sha256

#: What lies in the folder of the shards: see `folder_listing`.
Listing = Mapping[str, FileFacts | None]

#: Ending of a finished shard that waits until the manifest which names its predecessor is replaced.
STAGED: Final = ".next"


class _Remembered(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Written(_Remembered):
    """The tar file of a shard as it was written; `version` as in `FileFacts`."""

    bytes: int
    version: int | str
    sha256: str


class SampleState(_Remembered):
    """What the manifest and the index need of one sample."""

    row: dict[str, Any]
    data: list[Any]
    labels: list[Any]
    values: dict[str, tuple[int, ...]]


class ShardState(_Remembered):
    """One finished shard; `written` is null when every sample was refused."""

    format: Literal[1] = VERSION
    plan_sha256: str
    inputs: tuple[InputFile, ...]
    input_sha256: dict[str, str | None]
    written: Written | None
    samples: tuple[SampleState, ...]
    refused: tuple[Refusal, ...]


def shard_plan_sha256(
    plan: Plan, shard: ShardPlan, *, card: DatasetCard, code: str, signature: Signature | None
) -> str:
    """Return a hash over everything but file contents that a shard's bytes depend on."""
    stored = {
        "versions": [VERSION, PAIR_VERSION, RECORD_VERSION],
        "code": code,
        "layout": plan.layout.name,
        "check": plan.facts.check,
        "card": _card_facts(card),
        "signature": None if signature is None else [signature.members, signature.record_parts],
        "entries": [entry_row(entry) for entry in shard.entries],
    }
    return content_sha256(stored)


def _card_facts(card: DatasetCard) -> Mapping[str, object]:
    # Names and the unified map are the manifest's: a correction there leaves every shard as it is.
    return {
        "modalities": list(card.modalities),
        "attributes": {name: facts.values for name, facts in card.attributes.items()},
        "label_sets": {
            name: [facts.kind, facts.frame, sorted(entry.id for entry in facts.classes), sorted(facts.ignore_ids)]
            for name, facts in card.label_sets.items()
        },
    }


def state_path(out: Path, name: str) -> Path:
    """Return the file that remembers shard `name`."""
    return out / STATE / f"{name}.json"


def write_state(out: Path, name: str, state: ShardState) -> None:
    """Remember a finished shard; raises `ShardError` when the disk is full."""
    write_file(state_path(out, name), state.model_dump_json().encode())


def read_states(out: Path, names: Iterable[str]) -> Iterator[ShardState | None]:
    """Yield what is remembered of each shard; None when nothing is, or nothing that can be read."""
    for content in contents(state_path(out, name) for name in names):
        try:
            yield None if content is None else ShardState.model_validate_json(content)
        except ValidationError:
            yield None


def remember_place(out: Path, shard: ShardPlan) -> None:
    """Note the version of a shard that has taken its place: in a store that is a new object with a tag of its own."""
    (state,), facts = read_states(out, [shard.name]), file_facts(out / shard.file)
    if state is None or state.written is None or facts is None or facts.version == state.written.version:
        return
    written = state.written.model_copy(update={"version": facts.version})
    write_state(out, shard.name, state.model_copy(update={"written": written}))


def is_current(
    state: ShardState | None, out: Path, root: Path, shard: ShardPlan, plan_sha256: str, *, there: Listing, rehash: bool
) -> bool:
    """Return whether a finished shard is still what `prepare` would write.

    Args:
        state: what is remembered of it.
        out: the prepared dataset.
        root: folder of the official files.
        shard: what is planned now.
        plan_sha256: see `shard_plan_sha256`.
        there: what lies in the folder of the shards.
        rehash: compare the content of input files, and not their version.
    """
    if state is None or state.plan_sha256 != plan_sha256:
        return False
    if state.written is not None and find_shard(out, shard.file, state.written, there) is None:
        return False
    if not rehash:
        return state.inputs == shard.inputs
    return state.input_sha256 == {file.path: input_sha256(root, file.path) for file in shard.inputs}


def find_shard(out: Path, file: str, written: Written, there: Listing) -> Path | None:
    """Return where a finished shard lies, under its name or still staged; None when it is gone or was changed."""
    places = [out / f"{file}{STAGED}", out / file]
    same_size = {
        path: facts.version
        for path in places
        if (facts := there.get(path.name)) is not None and facts.size == written.bytes
    }
    for path, version in same_size.items():
        if version == written.version:
            return path
    # A copied folder has new times; its content decides.
    return next((path for path in same_size if file_sha256(path) == written.sha256), None)
