"""A whole suite of conditions for one model: a record for each, retention, and the means that papers print.

Whatever has a record is not computed again, so a suite that was stopped goes on where it was.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from rgbtbench.cards.suite import load_suite
from rgbtbench.conditions import NONE, Condition
from rgbtbench.conditions.averages import (
    Means,
    Results,
    corruption_means,
    misregistration_means,
    subset_means,
)
from rgbtbench.conditions.suites import Inputs, suite_conditions
from rgbtbench.errors import UserError
from rgbtbench.evaluation import Evaluation, open_truth
from rgbtbench.leaderboard.lookup import Sought, find_records_of
from rgbtbench.leaderboard.records import Efficiency, Record
from rgbtbench.leaderboard.retention import retained
from rgbtbench.leaderboard.store import write_record
from rgbtbench.loading.frames import frame_modality
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.progress import Progress, Silent
from rgbtbench.scratch import scratch_folder
from rgbtbench.shards.manifest import read_manifest
from rgbtbench.subject import Subject

_SILENT = Silent()
#: Name of a stored record, and the record.
Named = tuple[str, Record]
#: Bit depth of measured values, stored as float32.
_MEASURED: Final = 32


@dataclass(frozen=True, slots=True)
class Robustness:
    """What a suite came to.

    Attributes:
        suite: its name.
        headline: metric that the protocol ranks by.
        clean: name and record of the result on images as recorded.
        results: condition to name and record, in the suite's order.
        means: metric to kind (`corruptions`, `missing`, `misregistration`) to means by group; see
            `rgbtbench.conditions.averages`.
    """

    suite: str
    headline: str
    clean: Named
    results: Mapping[Condition, Named]
    means: Mapping[str, Mapping[str, Means]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain data (docs/conditions.md)."""
        name, record = self.clean
        return {
            "format": "rgbtbench-robustness",
            "version": 1,
            "suite": self.suite,
            "method": record.method,
            "variant": record.variant,
            "weights_sha256": record.weights_sha256,
            "protocol": record.protocol,
            "protocol_hash": record.protocol_hash,
            "headline": self.headline,
            "clean": {"record": name, "metrics": record.metrics},
            "conditions": [
                {
                    "condition": str(condition),
                    "record": name,
                    "metrics": record.metrics,
                    "retention": retained(record, self.clean[1]),
                }
                for condition, (name, record) in self.results.items()
            ],
            "means": {metric: dict(kinds) for metric, kinds in self.means.items()},
        }


def evaluate_conditions(
    subject: Subject,
    data: Path,
    protocol_id: str,
    conditions: Sequence[str],
    *,
    out: Path | None = None,
    records: Path | None = None,
    efficiency: Efficiency | None = None,
    progress: Progress = _SILENT,
) -> list[tuple[Evaluation, str | None]]:
    """Evaluate a model under some conditions, and store the records where asked to.

    A record says what is retained where the clean result is among the records, or was computed before it here.

    Args:
        subject: the model.
        data: prepared dataset.
        protocol_id: one of the data's protocols.
        conditions: their ids, in order.
        out: folder for the predictions of a single condition; None for one beside the weights for each.
        records: folder of all records; None to store none.
        efficiency: what the model costs, where it was measured.
        progress: is told of batches and images.

    Returns:
        Evaluation and name of its record, in the order of `conditions`.

    Raises:
        UserError: a folder for several conditions; or as `Subject.evaluate`.
    """
    if out is not None and len(conditions) > 1:
        raise UserError("one folder for the predictions of several conditions", remedy="evaluate one at a time")
    clean: Named | None = None
    if records is not None:
        sought = Sought.of(read_manifest(data), protocol_id, subject.info.sha256, views=subject.inference.tag)
        clean = subject.ranks.first(partial(find_records_of, records, sought)).get(NONE)
    found: list[tuple[Evaluation, str | None]] = []
    for condition in conditions:
        evaluation = subject.evaluate(
            data, protocol_id, out=out, condition=condition, efficiency=efficiency, progress=progress
        )
        name = None
        if records is not None:
            name, record = subject.ranks.first(partial(_stored, evaluation, clean, records))
            evaluation = replace(evaluation, record=record)
            clean = (name, record) if record.condition == NONE else clean
        found.append((evaluation, name))
    return found


def planned_conditions(
    subject: Subject, data: Path, protocol_id: str, suite: str, *, severities: Collection[int] = ()
) -> list[Condition]:
    """Return the conditions of a suite for a model, in order; nothing is evaluated.

    Args:
        subject: the model.
        data: prepared dataset.
        protocol_id: one of the data's protocols.
        suite: name, or a YAML file.
        severities: those that are wanted; all if empty.

    Raises:
        UnknownNameError: no such suite.
        ConditionError: none of it concerns the model.
        ShardError, UserError: as `open_truth`.
    """
    protocol, truth = open_truth(data, protocol_id)
    inputs = _inputs(subject.inputs(truth.manifest.dataset), truth, protocol.label_set)
    return suite_conditions(load_suite(suite), inputs, severities=severities)


def run_suite(
    subject: Subject,
    data: Path,
    protocol_id: str,
    suite: str,
    *,
    records: Path,
    severities: Collection[int] = (),
    variant: str | None = None,
    progress: Progress = _SILENT,
) -> Robustness:
    """Evaluate a model under every condition of a suite, and without any.

    Args:
        subject: the model.
        data: prepared dataset.
        protocol_id: one of the data's protocols.
        suite: name, or a YAML file.
        records: folder of all records; those of this suite that lie there are used.
        severities: those that are wanted; all if empty.
        variant: what sets the rows apart within the method.
        progress: is told of conditions.

    Raises:
        RecordError: a record in the folder is damaged.
        UserError: as `planned_conditions` and `Subject.evaluate`.
    """
    conditions = planned_conditions(subject, data, protocol_id, suite, severities=severities)
    protocol, truth = open_truth(data, protocol_id)
    sought = Sought.of(truth.manifest, protocol_id, subject.info.sha256, views=subject.inference.tag)
    known = find_records_of(records, sought)
    progress.start(f"robustness {Path(suite).stem}", len(conditions) + 1, "conditions")
    try:
        clean = known.get(NONE) or _evaluated(subject, data, protocol_id, NONE, records=records, variant=variant)
        progress.advance()
        results = {}
        for condition in conditions:
            name = str(condition)
            results[condition] = known.get(name) or _evaluated(
                subject, data, protocol_id, name, clean=clean, records=records, variant=variant
            )
            progress.advance()
    finally:
        progress.finish()
    fed = subject.inputs(truth.manifest.dataset)
    return Robustness(
        suite=Path(suite).stem,
        headline=protocol.rules.headline,
        clean=clean,
        results=results,
        means=_means({condition: record for condition, (_, record) in results.items()}, clean[1], fed),
    )


def _inputs(fed: Sequence[str], truth: PreparedSplit, label_set: str) -> Inputs:
    facts, images = truth.manifest.label_sets[label_set], truth.record(0)["images"]
    follows = frame_modality(facts.frame, truth.manifest.modalities)
    ordered = tuple(name for name in truth.manifest.modalities if name in fed)
    return Inputs(
        fed=ordered,
        moved=tuple(name for name in ordered if name != follows),
        measured=frozenset(name for name in ordered if images[name]["bit_depth"] == _MEASURED),
    )


def _evaluated(
    subject: Subject,
    data: Path,
    protocol_id: str,
    condition: str,
    *,
    clean: Named | None = None,
    records: Path,
    variant: str | None,
) -> Named:
    out = scratch_folder() / "predictions"
    shutil.rmtree(out, ignore_errors=True)
    try:
        evaluation = subject.evaluate(data, protocol_id, out=out, condition=condition, variant=variant)
    finally:
        shutil.rmtree(out, ignore_errors=True)
    return _stored(evaluation, clean, records)


def _stored(evaluation: Evaluation, clean: Named | None, records: Path) -> Named:
    record = evaluation.record
    if clean is not None and record.condition != NONE:
        record = record.model_copy(update={"clean": clean[0], "retention": retained(record, clean[1])})
    path = write_record(record, records, statistics=evaluation.score.statistics)
    return path.relative_to(records).with_suffix("").as_posix(), record


def _means(results: Mapping[Condition, Record], clean: Record, fed: Sequence[str]) -> dict[str, dict[str, Means]]:
    kinds: dict[str, Callable[[Results, float], Means]] = {
        "corruptions": corruption_means,
        "missing": lambda values, whole: subset_means(values, whole, fed),
        "misregistration": misregistration_means,
    }
    means: dict[str, dict[str, Means]] = {}
    for metric, whole in clean.metrics.items():
        values = {condition: record.metrics.get(metric) for condition, record in results.items()}
        if whole is None:
            continue
        defined = {condition: value for condition, value in values.items() if value is not None}
        means[metric] = {name: found for name, mean in kinds.items() if (found := mean(defined, whole))}
    return means
