"""How much of a clean result a condition leaves, and whether a record says so truthfully."""

from __future__ import annotations

from pathlib import Path

from rgbtbench.conditions import NONE
from rgbtbench.conditions.averages import retention
from rgbtbench.errors import RecordError
from rgbtbench.leaderboard.records import Record
from rgbtbench.leaderboard.store import read_record

_SHARED = ("method", "protocol", "protocol_hash", "weights_sha256", "data", "test_time_augmentation")


def retained(record: Record, clean: Record) -> dict[str, float | None]:
    """Return metric key to this result / the clean one; None where one is undefined or the clean one is 0."""
    return {metric: retention(value, clean.metrics.get(metric)) for metric, value in record.metrics.items()}


def verify_retention(record: Record, path: Path, *, tolerance: float) -> bool:
    """Compute what a record retains again, from the record of the clean result in the same folder of records.

    Args:
        record: with `clean`.
        path: its file.
        tolerance: by which numbers may differ.

    Returns:
        Whether the clean record is there.

    Raises:
        RecordError: the clean record is of something else, or a number is not what comes out.
    """
    file = path.parents[1] / f"{record.clean}.json"
    if not file.is_file():
        return False
    clean = read_record(file)
    other = [name for name in _SHARED if getattr(record, name) != getattr(clean, name)]
    if other or clean.condition != NONE:
        raise RecordError(
            f"clean: {record.clean} differs in {', '.join(other) or 'its condition'}",
            path=path,
            remedy="do not trust this record; evaluate again",
        )
    wanted = retained(record, clean)
    for metric in sorted(wanted.keys() | record.retention.keys()):
        before, after = record.retention.get(metric), wanted.get(metric)
        if before != after and (before is None or after is None or abs(before - after) > tolerance):
            raise RecordError(
                f"retention of {metric}: stored {before}, recomputed {after} from {record.clean}",
                path=path,
                remedy="do not trust this record; evaluate again",
            )
    return True
