"""From a score to a record: everything that the score knows, and what only the caller can say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rgbtbench.cards.catalog import protocol_hash
from rgbtbench.leaderboard.environment import environment
from rgbtbench.leaderboard.records import Data, Kind, Record
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.scoring.resolve import scored_keys_sha256
from rgbtbench.scoring.score import Score


def record_of(score: Score, truth: PreparedSplit, *, kind: Kind, method: str, **facts: Any) -> Record:
    """Return the record of a score; store it with `store.write_record(record, folder, statistics=score.statistics)`.

    Args:
        score: the result.
        truth: the split that was scored.
        kind: `scored` for predictions of others, `measured` for those made here.
        method: name of the method.
        **facts: further fields of `Record`; `notes` are added to those of the score.

    Raises:
        pydantic.ValidationError: a fact breaks the schema.
    """
    about, notes = score.sidecar, (*score.notes, *facts.pop("notes", ()))
    if about is not None:
        carried = ("condition", "test_time_augmentation", "weights_sha256")
        facts = {name: getattr(about, name) for name in carried} | facts
    return Record.model_validate(
        {
            "kind": kind,
            "method": method,
            "task": score.protocol.task,
            "protocol": score.protocol.id,
            "protocol_version": score.protocol.version,
            "protocol_hash": protocol_hash(score.protocol),
            "data": Data(
                dataset=truth.manifest.dataset,
                edition=truth.manifest.edition,
                split=score.protocol.split,
                images=score.images,
                clusters=score.clusters,
                data_hash=truth.manifest.data_hash,
                labels_hash=truth.manifest.labels_hash,
                keys_sha256=scored_keys_sha256(truth.manifest, score.protocol),
            ),
            "predictions_sha256": score.predictions_sha256,
            "metrics": score.metrics,
            "intervals": score.intervals,
            "per_class": score.per_class,
            "subsets": score.subsets,
            "curves": score.curves,
            "environment": environment(),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "notes": notes,
            **facts,
        }
    )
