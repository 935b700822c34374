"""Faulty inputs: set aside with their reason, listed, and held against what the card allows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rgbtbench.canonical import canonical_json
from rgbtbench.errors import ShardError
from rgbtbench.pair import Entry
from rgbtbench.shards.storage import write_file

QUARANTINE: Final = "quarantine.jsonl"
_SHOWN = 10


class Refusal(BaseModel):
    """One entry that was not stored; a line of `quarantine.jsonl`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    split: str
    files: tuple[str, ...] = Field(description="input files relative to the root")
    reason: str = Field(description="what was found, what was expected and what to do")
    error: str = Field(description="class of the error")


def refusal(entry: Entry, error: Exception, root: Path) -> Refusal:
    """Return the refusal of an entry; paths below `root` are shortened, so that it reads the same everywhere."""
    return Refusal(
        key=entry.key,
        split=entry.split,
        files=tuple(sorted(entry.files.values())),
        reason=str(error).replace(f"{root}/", ""),
        error=type(error).__name__,
    )


def write_quarantine(path: Path, refused: Sequence[Refusal]) -> None:
    """Write one JSON line per refusal; an empty file says that there was none."""
    write_file(path, b"".join(canonical_json(entry.model_dump(mode="json")) + b"\n" for entry in refused))


def count_refusals(lines: bytes) -> int | None:
    """Return how many refusals a quarantine file lists, None when it is damaged."""
    try:
        return len([Refusal.model_validate_json(line) for line in lines.splitlines()]) if _is_whole(lines) else None
    except ValidationError:
        return None


def _is_whole(lines: bytes) -> bool:
    return not lines or lines.endswith(b"\n")


def too_many(refused: Sequence[Refusal], *, samples: int, allowed: int, listing: Path) -> ShardError:
    """Return the error of a dataset with more faulty samples than its card allows, with a table of the first ten."""
    width = max(len(f"{entry.split}/{entry.key}") for entry in refused[:_SHOWN])
    table = "".join(
        f"\n  {f'{entry.split}/{entry.key}':{width}}  {entry.error}: {entry.reason}" for entry in refused[:_SHOWN]
    )
    rest = f"\n  and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
    return ShardError(
        f"{len(refused)} of {samples} samples are faulty and the card allows {allowed}:{table}{rest}\n",
        remedy="repair these files and run again (finished shards are re-used), "
        "or raise `allowed_faulty` in the card if the release itself is damaged",
        path=listing,
    )
