"""The folder that `prepare` writes into: what it may be, and what belongs to it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

from rgbtbench.errors import ShardError
from rgbtbench.locations import is_remote
from rgbtbench.shards.manifest import FORMAT, MANIFEST, VERSION, Manifest, PlanFacts, read_manifest
from rgbtbench.shards.state import STAGED
from rgbtbench.shards.storage import STATE, make_folder, remove, remove_temporary_files, write_file
from rgbtbench.stored_files import file_bytes, folder_listing, require_answer

SHARDS: Final = "shards"

_OWNER: Final = "dataset.json"
_OWN_SHARD = re.compile(rf"[a-z0-9][a-z0-9_-]*-[0-9]{{6}}\.tar({re.escape(STAGED)})?")
_OWN_STATE = re.compile(r"([a-z0-9][a-z0-9_-]*-[0-9]{6})\.json")
_CHOICES: Final = {"limit": "the limit {}", "shard_bytes": "shards of {} bytes"}
_ELSEWHERE = "choose an empty or new folder"


def check_destination(out: Path, root: Path, dataset: str) -> None:
    """Make sure that `out` is new, empty, or holds this dataset already.

    Raises:
        ShardError: it lies among the official files, or holds something else; nothing was touched.
        StoreError: it lies in a store that does not answer.
    """
    require_answer(out)
    if is_remote(out) == is_remote(root) and out.resolve().is_relative_to(root.resolve()):
        raise ShardError("lies inside the folder of the official files", path=out, remedy="choose another folder")
    if out.is_file() or (out.exists() and not out.is_dir()):
        raise ShardError("is no folder", path=out, remedy=_ELSEWHERE)
    there = set(folder_listing(out))
    owner = _owner(out)
    if owner is None:
        if not there <= {STATE, SHARDS} or folder_listing(out / SHARDS):
            shown = ", ".join(sorted(there)[:5])
            raise ShardError(f"holds something else already ({shown})", path=out, remedy=_ELSEWHERE)
    elif owner != (dataset, VERSION):
        raise ShardError(
            f"holds {owner[0]} in format version {owner[1]}",
            expected=f"{dataset} in version {VERSION}",
            path=out,
            remedy=f"{_ELSEWHERE}, or delete this one",
        )


def check_same_plan(out: Path, facts: PlanFacts) -> None:
    """Make sure that preparing into a finished dataset takes nothing away from it.

    Changed files, code or facts of the card and a stricter check are no other plan: what is outdated is built again.

    Raises:
        ShardError: splits are missing from the plan, or it has another limit or size of shards; names each.
    """
    before = published(out)
    if before is None:
        return
    lost = [split for split in before.plan.splits if split not in facts.splits]
    differences = [f"has split {split}, which is not asked for now" for split in lost]
    for name, words in _CHOICES.items():
        there, asked = getattr(before.plan, name), getattr(facts, name)
        if there != asked:
            differences.append(f"has {words.format(_shown(there))} instead of {_shown(asked)}")
    if differences:
        raise ShardError(
            f"holds the result of another plan: it {'; it '.join(differences)}",
            path=out,
            remedy="choose another folder, ask for the same, or pass --replace to replace it",
        )


def _shown(choice: object) -> str:
    return "none" if choice is None else f"{choice}"


def claim(out: Path, dataset: str) -> None:
    """Clear away what killed processes left behind and note whose folder this is; to be called under the lock."""
    make_folder(out / SHARDS)
    remove_unfinished(out)
    owner = {"format": FORMAT, "version": VERSION, "dataset": dataset}
    write_file(out / STATE / _OWNER, json.dumps(owner).encode())


def remove_unfinished(out: Path) -> None:
    """Clear away what killed processes left behind; to be called under the lock."""
    for folder in (out, out / SHARDS, out / STATE):
        remove_temporary_files(folder)


def is_claimed(out: Path, dataset: str) -> bool:
    """Return whether a place that was claimed for a dataset can be seen from here."""
    return _owner(out) == (dataset, VERSION)


def published(out: Path) -> Manifest | None:
    """Return the manifest that readers see now, None when there is none that they would accept."""
    try:
        return read_manifest(out)
    except ShardError:
        return None


def remove_superseded(out: Path, *, files: Collection[str], names: Collection[str]) -> int:
    """Remove shards and what is remembered of shards that the published manifest does not name.

    Args:
        out: the prepared dataset.
        files: paths of the manifest's shards, relative to `out`.
        names: names of the planned shards.

    Returns:
        How many shards were removed. Files that `prepare` never writes are left alone.
    """
    removed = 0
    for name in folder_listing(out / SHARDS):
        if _OWN_SHARD.fullmatch(name) and f"{SHARDS}/{name}" not in files:
            remove(out / SHARDS / name)
            removed += 1
    for name in folder_listing(out / STATE):
        own = _OWN_STATE.fullmatch(name)
        if own and own[1] not in names:
            remove(out / STATE / name)
    return removed


def _owner(out: Path) -> tuple[object, object] | None:
    """Return dataset and format version as the manifest says, or what was noted before there was one."""
    for path in (out / MANIFEST, out / STATE / _OWNER):
        try:
            facts = json.loads(file_bytes(path))
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(facts, dict) and facts.get("format") == FORMAT:
            return facts.get("dataset"), facts.get("version")
    return None
