"""Recomputing what a record claims: from its statistics, and from predictions and labels where they are at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from rgbtbench.cards.catalog import protocol_hash
from rgbtbench.cards.protocol import Protocol
from rgbtbench.errors import RecordError, UserError
from rgbtbench.leaderboard.records import Record
from rgbtbench.leaderboard.retention import verify_retention
from rgbtbench.leaderboard.store import read_record, read_statistics
from rgbtbench.loading.prepared import open_split
from rgbtbench.scoring.families import family_of
from rgbtbench.scoring.resolve import recorded_protocol, scored_keys_sha256
from rgbtbench.scoring.results import Interval, Summary
from rgbtbench.scoring.score import score
from rgbtbench.scoring.statistics import from_arrays
from rgbtbench.scoring.summary import summarise

#: Other processors round the last digits of a sum otherwise; a changed number differs by more.
TOLERANCE: Final = 1e-6
_REMEDY: Final = "do not trust this record; evaluate again"


@dataclass(frozen=True)
class Report:
    """What was checked, and what could not be.

    Attributes:
        record: the record.
        checked: in words.
        left_out: in words, with the reason.
    """

    record: Record
    checked: tuple[str, ...]
    left_out: tuple[str, ...]

    def __str__(self) -> str:
        left_out = f"; not checked: {', '.join(self.left_out)}" if self.left_out else ""
        return f"verified {', '.join(self.checked)}{left_out}"


def verify_record(path: Path, *, predictions: Path | None = None, data: Path | None = None) -> Report:
    """Recompute a record's numbers.

    Args:
        path: the record's file, its statistics beside it.
        predictions: score these again; needs `data`.
        data: the prepared dataset.

    Raises:
        RecordError: changed since it was written, of rules that the catalogue does not have, or a number, interval or
            hash is not what comes out; names it, as stored and as recomputed.
        UserError: only one of `predictions` and `data` is given, or they do not belong to the record.
    """
    if (predictions is None) != (data is None):
        raise UserError("scoring again needs predictions and prepared data", remedy="give both, or neither")
    record = read_record(path)
    checked, left_out = ["the hash in its name"], []
    protocol = protocol_of(record, path)
    if protocol is None:
        left_out.append(f"the numbers: {record.protocol} has changed since version {record.protocol_version}")
        return Report(record, tuple(checked), tuple(left_out))
    checked.append("the protocol")
    if record.statistics_sha256 is None:
        left_out.append("the numbers: no per-image statistics were stored")
    else:
        summary = summarise(protocol, from_arrays(read_statistics(path, record), family_of(protocol.rules).counts))
        _require_equal(record, summary, path=path, source="the statistics")
        checked.append("metrics and intervals from the statistics")
    if record.clean is not None:
        known = verify_retention(record, path, tolerance=TOLERANCE)
        (checked if known else left_out).append("what is retained" if known else "what is retained: no clean record")
    if predictions is None or data is None:
        left_out.append("labels and predictions: not given")
    else:
        _score_again(record, protocol, path, predictions=predictions, data=data)
        checked.append("statistics from predictions and labels")
    return Report(record, tuple(checked), tuple(left_out))


def protocol_of(record: Record, path: Path) -> Protocol | None:
    """Return the rules that the record at `path` was made by, or None when later rules have replaced them.

    Raises:
        RecordError: the record names no data, or rules that no card holds or held.
    """
    if record.data is None:
        raise RecordError("does not say on which data", path=path, remedy=_REMEDY)
    protocol = recorded_protocol(record.protocol, dataset=record.data.dataset, keys_sha256=record.data.keys_sha256)
    if record.protocol_version < protocol.version:
        return None
    if protocol_hash(protocol) != record.protocol_hash:
        raise RecordError(
            f"protocol_hash: stored {record.protocol_hash}, recomputed {protocol_hash(protocol)}",
            path=path,
            remedy=f"the rules of {record.protocol} are not those that made this record; {_REMEDY}",
        )
    return protocol


def _score_again(record: Record, protocol: Protocol, path: Path, *, predictions: Path, data: Path) -> None:
    truth = open_split(data, protocol.splits[0], label_space=protocol.label_space)
    facts = {
        "data_hash": truth.manifest.data_hash,
        "labels_hash": truth.manifest.labels_hash,
        "keys_sha256": scored_keys_sha256(truth.manifest, protocol),
    }
    for name, found in facts.items():
        stored = getattr(record.data, name, found)
        if stored != found:
            raise RecordError(
                f"{name}: stored {stored}, recomputed {found}",
                path=path,
                remedy=f"prepare the data that the record was made on; {data} is other data",
            )
    result = score(protocol, truth, predictions)
    if result.predictions_sha256 != record.predictions_sha256:
        raise RecordError(
            f"predictions_sha256: stored {record.predictions_sha256}, recomputed {result.predictions_sha256}",
            path=path,
            remedy=f"{predictions} are not the predictions that the record was made of",
        )
    _require_equal(record, result, path=path, source="predictions and labels")
    if record.statistics_sha256 is not None:
        arrays = read_statistics(path, record)
        for name, array in result.statistics.items():
            if name not in arrays or not np.array_equal(arrays[name], array):
                raise RecordError(
                    f"the statistics differ in {name!r} from predictions and labels", path=path, remedy=_REMEDY
                )


def _require_equal(record: Record, summary: Summary, *, path: Path, source: str) -> None:
    stored, recomputed = dict(_figures(record)), dict(_figures(summary))
    for name in sorted(stored.keys() | recomputed.keys()):
        before, after = stored.get(name, "nothing"), recomputed.get(name, "nothing")
        if before == after:
            continue
        if isinstance(before, float) and isinstance(after, float) and abs(before - after) <= TOLERANCE:
            continue
        raise RecordError(f"{name}: stored {before}, recomputed {after} from {source}", path=path, remedy=_REMEDY)


def _figures(result: Record | Summary) -> Iterator[tuple[str, float | None]]:
    yield from result.metrics.items()
    yield from _ends("", result.intervals)
    for label, values in result.per_class.items():
        yield from ((f"{label} {name}", value) for name, value in values.items())
    for part, subset in result.subsets.items():
        yield f"{part} images", float(subset.images)
        yield from ((f"{part} {name}", value) for name, value in subset.metrics.items())
        yield from _ends(f"{part} ", subset.intervals)
    for name, curve in result.curves.items():
        yield from ((f"{name} {axis}[{at}]", value) for axis in "xy" for at, value in enumerate(getattr(curve, axis)))


def _ends(part: str, intervals: Mapping[str, Interval]) -> Iterator[tuple[str, float]]:
    for name, interval in intervals.items():
        yield f"{part}{name} low", interval.low
        yield f"{part}{name} high", interval.high
