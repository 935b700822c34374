"""Results to compare: stored records, or predictions that are scored for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rgbtbench.cards.catalog import protocol_hash
from rgbtbench.cards.protocol import Protocol
from rgbtbench.errors import RecordError, UserError
from rgbtbench.evaluation import score_either
from rgbtbench.leaderboard.store import read_record, read_statistics
from rgbtbench.leaderboard.verify import protocol_of
from rgbtbench.progress import Progress, Silent
from rgbtbench.scoring.comparison import Difference, compare
from rgbtbench.scoring.families import family_of
from rgbtbench.scoring.score import Score
from rgbtbench.scoring.statistics import Statistics, from_arrays

_SILENT = Silent()


def compare_records(
    first: Path, others: Sequence[Path], *, metrics: Sequence[str] | None = None
) -> dict[str, list[Difference]]:
    """Compare stored results by the statistics beside their records.

    Args:
        first: a record's file.
        others: files of the records that it is compared with.
        metrics: keys to compare; None for the headline.

    Raises:
        RecordError: a record or its statistics are damaged, or its rules are not those that the cards hold now.
        UserError: the results are not of one protocol and the same images.
    """
    protocol, statistics = _stored(first)
    found: dict[str, Statistics] = {}
    for path in others:
        theirs, found[str(path)] = _stored(path)
        if protocol_hash(theirs) != protocol_hash(protocol) or theirs.id != protocol.id:
            raise UserError(
                f"{path} is a result under {theirs.id}",
                expected=protocol.id,
                remedy="compare results of one protocol",
            )
    return compare(protocol, statistics, found, metrics=metrics)


def compare_predictions(
    first: Path,
    others: Sequence[Path],
    protocol_id: str,
    *,
    data: Path | None = None,
    ground_truth: Path | None = None,
    classes: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    progress: Progress = _SILENT,
) -> dict[str, list[Difference]]:
    """Score predictions under one protocol, and compare them.

    Args:
        first: folder, archive or file of predictions.
        others: what it is compared with.
        protocol_id: under which all are scored.
        data: prepared dataset with the labels.
        ground_truth: annotation files instead.
        classes: names of the class ids in annotation files, where no card names them.
        metrics: keys to compare; None for the headline.
        progress: is told of images.

    Raises:
        PredictionError, ShardError, LabelError, UserError: as `rgbtbench.evaluation.score_either`.
    """

    def scored(path: Path) -> Score:
        return score_either(path, protocol_id, data=data, ground_truth=ground_truth, classes=classes, progress=progress)

    ours = scored(first)
    kind = family_of(ours.protocol.rules).counts
    theirs = {str(path): from_arrays(scored(path).statistics, kind) for path in others}
    return compare(ours.protocol, from_arrays(ours.statistics, kind), theirs, metrics=metrics)


def _stored(path: Path) -> tuple[Protocol, Statistics]:
    if path.is_dir() or (path.is_file() and path.suffix.lower() != ".json"):
        raise UserError(
            f"{path} is no record",
            expected="a record (.json)",
            remedy="to compare predictions, name the --protocol that they are scored under",
        )
    record = read_record(path)
    protocol = protocol_of(record, path)
    if protocol is None or record.statistics_sha256 is None:
        raise RecordError(
            "has no statistics under rules that the cards hold now", path=path, remedy="evaluate again, with --records"
        )
    return protocol, from_arrays(read_statistics(path, record), family_of(protocol.rules).counts)
