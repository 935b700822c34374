"""The audit as a whole: measure every pair once, then ask everything of the columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from rgbtbench.audit.faults import Fault
from rgbtbench.audit.id_matches import IdComparison, NamedSet, compare_ids
from rgbtbench.audit.identity import comparable
from rgbtbench.audit.imbalance import Imbalance, imbalances
from rgbtbench.audit.joins import Group, Join, SplitPair, groups, joins
from rgbtbench.audit.label_statistics import LabelStatistics, label_statistics
from rgbtbench.audit.measures import SplitMeasures
from rgbtbench.audit.operands import Operands, open_operands, require_distinct
from rgbtbench.audit.quarantined import quarantined
from rgbtbench.audit.redundancy import Redundancy, clusters_in_several_splits, redundancy
from rgbtbench.audit.registration import Registration, registrations
from rgbtbench.audit.twins import Samples, Twins, find_twins, samples_of
from rgbtbench.audit.workers import measure_splits
from rgbtbench.cards.contamination import contaminations_of, in_words
from rgbtbench.errors import UserError
from rgbtbench.processes import available_cores
from rgbtbench.progress import Progress, Silent
from rgbtbench.shards.quarantine import Refusal


@dataclass(frozen=True, slots=True)
class SplitAudit:
    """What was found in one split.

    Attributes:
        measures: the columns that everything else comes from; its faults are among them.
        registrations, imbalances: modality by modality.
        redundancy: of its clusters.
        labels: of every label set.
    """

    measures: SplitMeasures
    registrations: list[Registration]
    imbalances: list[Imbalance]
    redundancy: Redundancy
    labels: list[LabelStatistics]


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything that an audit found.

    Attributes:
        splits: of the audited datasets.
        samples: of all prepared splits, the audited ones first, then those that they were held against.
        twins: pairs of samples that are alike.
        joins: which splits share samples; of the splits that were held against, only with audited ones.
        groups: of samples that are alike.
        shared_clusters: two splits to the clusters that lie in both.
        by_id: what ids alone say.
        known: training sets that are known to hold images of what was audited, in words.
        refused: prepared folder to the samples that were set aside, each with its fault.
    """

    splits: tuple[SplitAudit, ...]
    samples: Samples
    twins: Twins
    joins: list[Join]
    groups: list[Group]
    shared_clusters: dict[SplitPair, list[str]]
    by_id: list[IdComparison]
    known: list[str]
    refused: dict[Path, list[tuple[Refusal, Fault]]]


def audit(
    data: Iterable[str],
    *,
    against: Iterable[str] = (),
    only: Sequence[str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Audit prepared datasets, and find their images in training sets.

    Args:
        data: operands to audit; see `operands.open_operands`.
        against: operands to look for their images in; everything among `data` is compared in any case.
        only: splits of `data` to audit; all by default.
        workers: processes; all cores by default.
        progress: told about every stage.

    Raises:
        ShardError: a folder is not prepared, or damaged.
        UnknownNameError: no such set.
        InputFileError: an id list cannot be read, or is of another set.
        UserError: two operands that have only ids, and no rule says how they compare.
    """
    progress = progress or Silent()
    audited, given = open_operands(data, only=only), open_operands(against)
    require_distinct([*audited.splits, *given.splits])
    _require_rules(audited, given)
    measured = measure_splits([*audited.splits, *given.splits], workers=workers or available_cores(), progress=progress)
    own = measured[: len(audited.splits)]
    samples = samples_of(measured)
    progress.start("looking for duplicates", len(samples.row), "pairs")
    twins = find_twins(samples)
    progress.advance(len(samples.row))
    progress.finish()
    return Audit(
        splits=tuple(_split(one) for one in own),
        samples=samples,
        twins=twins,
        joins=joins(samples, twins, _of_interest(len(own), len(measured))),
        groups=groups(samples, twins),
        shared_clusters=clusters_in_several_splits(measured),
        by_id=_by_id([*map(_ids, own), *audited.lists], [*map(_ids, measured[len(own) :]), *given.lists]),
        known=_known(audited),
        refused={root: quarantined(root) for root in dict.fromkeys(split.store.root for split in audited.splits)},
    )


def _split(measures: SplitMeasures) -> SplitAudit:
    return SplitAudit(
        measures=measures,
        registrations=registrations(measures),
        imbalances=imbalances(measures),
        redundancy=redundancy(measures),
        labels=label_statistics(measures),
    )


def _known(audited: Operands) -> list[str]:
    splits = [(one.manifest.dataset, one.name, one.manifest.edition) for one in audited.splits]
    lists = [(one.dataset, one.split, None) for one in audited.lists]
    known = [found for evaluated in (*splits, *lists) for found in contaminations_of(*evaluated)]
    return list(dict.fromkeys(in_words(entry, held) for entry, held in known))


def _of_interest(own: int, every: int) -> list[SplitPair]:
    return [(one, other) for one in range(own) for other in range(one, every)]


def _by_id(own: Sequence[NamedSet], given: Sequence[NamedSet]) -> list[IdComparison]:
    """Compare what is audited with what was given, and among itself; there only what was found is of interest."""
    across = [compare_ids(one, other) for one in own for other in given if comparable(one.dataset, other.dataset)]
    among = [compare_ids(one, other) for one, other in combinations(own, 2) if comparable(one.dataset, other.dataset)]
    return [*across, *(one for one in among if one.matches)]


def _ids(split: SplitMeasures) -> NamedSet:
    data = split.data
    return NamedSet(data.manifest.dataset, data.name, split.official_ids, str(data.store.root))


def _require_rules(audited: Operands, given: Operands) -> None:
    """Make sure that what has only ids can be compared with everything that it is held against."""
    prepared = {split.manifest.dataset for split in audited.splits}
    pairs = [(one.dataset, other.dataset) for one, other in combinations(audited.lists, 2)]
    pairs += [(one, other.dataset) for one in sorted(prepared) for other in audited.lists]
    if given.splits or given.lists:
        held_against = {split.manifest.dataset for split in given.splits}
        pairs = [(one.dataset, other) for one in audited.lists for other in sorted(held_against)]
        own = sorted(prepared | {one.dataset for one in audited.lists})
        pairs += [(one, other.dataset) for one in own for other in given.lists]
    for one, other in pairs:
        if not comparable(one, other):
            raise UserError(
                f"no rule says how ids of {other} name images of {one}",
                expected="a rule in datasets_cards/contamination.yaml",
                remedy="add one, or prepare both sets to compare their images",
            )
