"""The folder that `prepare` writes into: what it may be, and what belongs to it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

from rgbtbench.errors import ShardError
from rgbtbench.shards.manifest import FORMAT, MANIFEST, VERSION, Manifest, read_manifest
from rgbtbench.shards.state import STAGED
from rgbtbench.shards.storage import STATE, make_folder, remove_temporary_files, write_file

SHARDS: Final = "shards"

_OWNER: Final = "dataset.json"
_OWN_SHARD = re.compile(rf"[a-z0-9][a-z0-9_-]*-[0-9]{{6}}\.tar({re.escape(STAGED)})?")
_OWN_STATE = re.compile(r"([a-z0-9][a-z0-9_-]*-[0-9]{6})\.json")
_ELSEWHERE = "choose an empty or new folder"


def check_destination(out: Path, root: Path, dataset: str) -> None:
    """Make sure that `out` is new, empty, or holds this dataset already.

    Raises:
        ShardError: it lies among the official files, or holds something else; nothing was touched.
    """
    if out.resolve().is_relative_to(root.resolve()):
        raise ShardError("lies inside the folder of the official files", path=out, remedy="choose another folder")
    if not out.exists():
        return
    if not out.is_dir():
        raise ShardError("is no folder", path=out, remedy=_ELSEWHERE)
    there = {path.name for path in out.iterdir()}
    owner = _owner(out)
    if owner is None:
        shards = out / SHARDS
        begun = there <= {STATE, SHARDS} and not (shards.is_dir() and any(shards.iterdir()))
        if not begun:
            shown = ", ".join(sorted(there)[:5])
            raise ShardError(f"holds something else already ({shown})", path=out, remedy=_ELSEWHERE)
    elif owner != (dataset, VERSION):
        raise ShardError(
            f"holds {owner[0]} in format version {owner[1]}",
            expected=f"{dataset} in version {VERSION}",
            path=out,
            remedy=f"{_ELSEWHERE}, or delete this one",
        )


def claim(out: Path, dataset: str) -> None:
    """Clear away what killed processes left behind and note whose folder this is; to be called under the lock."""
    make_folder(out / SHARDS)
    for folder in (out, out / SHARDS, out / STATE):
        remove_temporary_files(folder)
    owner = {"format": FORMAT, "version": VERSION, "dataset": dataset}
    write_file(out / STATE / _OWNER, json.dumps(owner).encode())


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
    for path in (out / SHARDS).iterdir():
        if _OWN_SHARD.fullmatch(path.name) and f"{SHARDS}/{path.name}" not in files:
            path.unlink()
            removed += 1
    for path in (out / STATE).iterdir():
        own = _OWN_STATE.fullmatch(path.name)
        if own and own[1] not in names:
            path.unlink()
    return removed


def _owner(out: Path) -> tuple[object, object] | None:
    """Return dataset and format version as the manifest says, or what was noted before there was one."""
    for path in (out / MANIFEST, out / STATE / _OWNER):
        try:
            facts = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(facts, dict) and facts.get("format") == FORMAT:
            return facts.get("dataset"), facts.get("version")
    return None
