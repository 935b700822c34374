"""Finding the record of an evaluation that was done before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rgbtbench.cards.catalog import protocol_hash
from rgbtbench.cards.inference import PLAIN
from rgbtbench.leaderboard.records import Record
from rgbtbench.leaderboard.store import read_records
from rgbtbench.scoring.resolve import resolve_protocol
from rgbtbench.shards.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Sought:
    """Weights on data under a protocol as it stands.

    Attributes:
        protocol_hash: of the rules.
        weights_sha256: of the weights.
        data_hash, labels_hash: of the prepared data.
        test_time_augmentation: tag of the views that answers are merged from.
    """

    protocol_hash: str
    weights_sha256: str
    data_hash: str
    labels_hash: str
    test_time_augmentation: str = PLAIN

    @classmethod
    def of(cls, manifest: Manifest, protocol_id: str, weights_sha256: str, *, views: str = PLAIN) -> Self:
        """Return what to look for; raises `UserError` where the protocol is not one of the data's."""
        rules = protocol_hash(resolve_protocol(protocol_id, manifest))
        return cls(rules, weights_sha256, manifest.data_hash, manifest.labels_hash, views)

    def matches(self, record: Record) -> bool:
        """Tell whether a record is of these."""
        return record.data is not None and self == Sought(
            record.protocol_hash,
            record.weights_sha256 or "",
            record.data.data_hash,
            record.data.labels_hash,
            record.test_time_augmentation,
        )


def find_records_of(folder: Path, sought: Sought) -> dict[str, tuple[str, Record]]:
    """Return condition to name and record of every evaluation of the same, under any condition.

    Raises:
        RecordError: a record in the folder is damaged.
    """
    return {record.condition: (name, record) for name, record in read_records(folder).items() if sought.matches(record)}


def find_record(folder: Path, sought: Sought) -> tuple[str, Record] | None:
    """Return name and record of one evaluation of the same, whatever the condition; raises as `find_records_of`."""
    return next(iter(find_records_of(folder, sought).values()), None)
