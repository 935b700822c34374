"""The faults of a split, gathered by kind and place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rgbtbench.audit.faults import KINDS, Fault, FaultKind, Severity

_ORDER: Final[tuple[Severity, ...]] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class FaultLine:
    """One kind of fault at one place.

    Attributes:
        kind: key of `KINDS`.
        where: modality or label set.
        samples: positions of the samples that have it, in order; keys of refused samples are not positions and are
            left out.
        details: what was found in each of them.
        count: boxes, ids or images in all.
    """

    kind: str
    where: str
    samples: tuple[int, ...]
    details: tuple[str, ...]
    count: int

    @property
    def facts(self) -> FaultKind:
        """What the kind means."""
        return KINDS[self.kind]


def fault_lines(faults: Iterable[tuple[int, Fault]]) -> list[FaultLine]:
    """Gather faults by kind and place: errors first, then in the order of `KINDS`."""
    gathered: dict[tuple[str, str], list[tuple[int, Fault]]] = defaultdict(list)
    for row, fault in faults:
        gathered[fault.kind, fault.where].append((row, fault))
    lines = [
        FaultLine(
            kind=kind,
            where=where,
            samples=tuple(row for row, _ in found),
            details=tuple(fault.detail for _, fault in found),
            count=sum(fault.count for _, fault in found),
        )
        for (kind, where), found in gathered.items()
    ]
    kinds = list(KINDS)
    return sorted(lines, key=lambda line: (_ORDER.index(line.facts.severity), kinds.index(line.kind), line.where))


def samples_by_severity(faults: Iterable[tuple[int, Fault]]) -> dict[Severity, int]:
    """Return how many samples have a fault of each severity."""
    rows: dict[Severity, set[int]] = {severity: set() for severity in _ORDER}
    for row, fault in faults:
        rows[KINDS[fault.kind].severity].add(row)
    return {severity: len(found) for severity, found in rows.items()}
