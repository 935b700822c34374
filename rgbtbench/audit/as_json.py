"""An audit as plain data. Specification: docs/audit.md. Heat maps are left to the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from rgbtbench.audit.audit import Audit, SplitAudit
from rgbtbench.audit.fault_table import FaultLine, fault_lines, samples_by_severity
from rgbtbench.audit.faults import KINDS
from rgbtbench.audit.id_matches import IdComparison
from rgbtbench.audit.joins import Group, Join
from rgbtbench.audit.label_statistics import LabelStatistics
from rgbtbench.audit.registration import Registration
from rgbtbench.cards.contamination import RELATIONS

FORMAT: Final = "rgbtbench-audit"
VERSION: Final = 1
#: Samples, pairs and groups that are listed of each finding; counts are of all.
LISTED: Final = 100


def to_json(found: Audit) -> dict[str, Any]:
    """Return everything that an audit found."""
    titles = [one.title for one in found.samples.splits]
    return {
        "format": FORMAT,
        "version": VERSION,
        "fault_kinds": {name: asdict(kind) for name, kind in KINDS.items()},
        "splits": [_split(one) for one in found.splits],
        "refused": [
            {"data": str(root), "split": entry.split, "key": entry.key, "kind": fault.kind, "reason": entry.reason}
            for root, entries in found.refused.items()
            for entry, fault in entries
        ],
        "duplicates": [_join(found, one, titles) for one in found.joins],
        "groups": {
            "count": len(found.groups),
            "listed": [_group(found, one, titles) for one in found.groups[:LISTED]],
        },
        "shared_clusters": [
            {"splits": [titles[one], titles[other]], "clusters": clusters}
            for (one, other), clusters in found.shared_clusters.items()
        ],
        "by_id": [_by_id(one) for one in found.by_id],
        "known_contaminations": found.known,
    }


def _split(one: SplitAudit) -> dict[str, Any]:
    measures = one.measures
    manifest = measures.data.manifest
    keys = measures.data.keys
    return {
        "title": measures.title,
        "dataset": manifest.dataset,
        "edition": manifest.edition,
        "split": measures.data.name,
        "data": str(measures.data.store.root),
        "pairs": len(measures),
        "samples_with": dict(samples_by_severity(measures.faults)),
        "faults": [_fault(line, keys) for line in fault_lines(measures.faults)],
        "registration": [_registration(found, one, keys) for found in one.registrations],
        "structure": [_summaries(asdict(found)) for found in one.imbalances],
        "redundancy": asdict(one.redundancy),
        "labels": [_labels(found) for found in one.labels],
    }


def _fault(line: FaultLine, keys: tuple[str, ...]) -> dict[str, Any]:
    listed = list(zip(line.samples, line.details, strict=True))[:LISTED]
    return {
        "kind": line.kind,
        "where": line.where,
        "samples": len(line.samples),
        "count": line.count,
        "listed": [{"key": keys[row], "detail": detail} for row, detail in listed],
    }


def _registration(found: Registration, one: SplitAudit, keys: tuple[str, ...]) -> dict[str, Any]:
    columns = one.measures.offsets[found.second]
    farthest = [
        {
            "key": keys[row],
            "x": _short(columns.x[row]),
            "y": _short(columns.y[row]),
            "spread": _short(columns.spread[row]),
            "margin": _short(columns.margin[row]),
        }
        for row in found.farthest
    ]
    return {**_summaries(asdict(found)), "farthest": farthest}


def _labels(found: LabelStatistics) -> dict[str, Any]:
    plain = asdict(found)
    for entry in plain["classes"]:
        del entry["heat"]
    return {**_summaries(plain)}


def _join(found: Audit, one: Join, titles: list[str]) -> dict[str, Any]:
    twins, samples = found.twins, found.samples
    listed = [
        {
            "keys": [samples.key(int(sample)) for sample in twins.pairs[pair]],
            "modalities": list(twins.shared(pair)),
            "bits": {name: int(bits[pair]) for name, bits in twins.bits.items() if bits[pair] < 255},
        }
        for pair in one.pairs[:LISTED].tolist()
    ]
    return {
        "splits": [titles[place] for place in one.splits],
        "samples": {name: list(counts) for name, counts in one.images.items()},
        "pairs": len(one.pairs),
        "listed": listed,
    }


def _group(found: Audit, one: Group, titles: list[str]) -> dict[str, Any]:
    samples = found.samples
    return {
        "likeness": one.likeness,
        "splits": [titles[place] for place in one.splits],
        "samples": len(one.samples),
        "listed": [
            {"split": titles[int(samples.split[sample])], "key": samples.key(sample)} for sample in one.samples[:LISTED]
        ],
    }


def _by_id(one: IdComparison) -> dict[str, Any]:
    return {
        "evaluated": one.evaluated.title,
        "training": one.training.title,
        "evaluated_images": len(one.evaluated.ids),
        "training_images": len(one.training.ids),
        "concerned": {relation: one.count(relation) for relation in RELATIONS if one.count(relation)},
        "training_images_concerned": dict(one.training_images),
        "listed": [asdict(match) for match in one.matches[:LISTED]],
    }


def _summaries(value: Any) -> Any:
    """Return plain data with numbers that are short enough to read."""
    if isinstance(value, Mapping):
        return {str(name): _summaries(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_summaries(item) for item in value]
    return _short(value) if isinstance(value, float) else value


def _short(value: float) -> float:
    return float(f"{float(value):.6g}")
