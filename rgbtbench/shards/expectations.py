"""What the card says that a dataset holds, against what was read: counts per split, class and attribute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards.catalog import UNLISTED
from rgbtbench.cards.dataset import DatasetCard, Edition, SplitFacts
from rgbtbench.errors import DifferenceError
from rgbtbench.shards.content import edition_of
from rgbtbench.shards.manifest import Difference
from rgbtbench.shards.plan import Plan
from rgbtbench.shards.state import SampleState

_SHOWN: Final = 20


def planned_differences(card: DatasetCard, plan: Plan) -> tuple[Difference, ...]:
    """Return how the listed keys differ from the edition of the card that is closest to them.

    Nothing is opened, so that a wrong tree is known before hours of work. A plan with a limit is a part on purpose and
    differs from nothing.
    """
    if plan.facts.limit is not None:
        return ()
    keys: dict[str, list[str]] = {split: [] for split in plan.facts.splits}
    for shard in plan.shards:
        keys[shard.split].extend(entry.key for entry in shard.entries)
    counts = {split: (len(listed), keys_sha256(listed)) for split, listed in keys.items()}
    if edition_of(card, counts, whole=True) != UNLISTED:
        return ()
    candidates = [_differences_of_keys(name, edition, counts) for name, edition in card.editions.items()]
    return min(candidates, key=len)


class ContentCounts:
    """What the stored samples of one split hold.

    Attributes:
        attributes: attribute to value, as text, to pairs.
        objects: box set to native id to boxes.
        pairs: box or mask set to native id to pairs in which it occurs.
    """

    def __init__(self) -> None:
        self.attributes: dict[str, Counter[str]] = {}
        self.objects: dict[str, Counter[int]] = {}
        self.pairs: dict[str, Counter[int]] = {}

    def add(self, sample: SampleState) -> None:
        """Count one sample."""
        for column, value in sample.row.items():
            kind, _, name = column.partition(".")
            if kind == "attr":
                self.attributes.setdefault(name, Counter())[str(value)] += 1
        for name, boxes in sample.labels[1]["boxes"].items():
            self.objects.setdefault(name, Counter()).update(boxes["labels"])
            self.pairs.setdefault(name, Counter()).update(set(boxes["labels"]))
        for name, values in sample.values.items():
            self.pairs.setdefault(name, Counter()).update(values)


def content_differences(
    card: DatasetCard, edition: str, counted: Mapping[str, ContentCounts], plan: Plan
) -> Iterator[Difference]:
    """Yield how classes and attributes of the stored samples differ from the edition that they are.

    Samples of no listed edition differ from nothing: no one has counted them. Nor is a label set compared that these
    files do not hold.

    Args:
        card: the dataset's card.
        edition: of the stored keys.
        counted: by split.
        plan: what was planned.
    """
    if edition == UNLISTED or plan.facts.limit is not None:
        return
    for split, found in counted.items():
        for what, expected, here in _expectations(card, card.editions[edition].splits[split], found):
            if expected != here:
                yield Difference(edition=edition, split=split, what=what, expected=str(expected), found=str(here))


def refuse(differences: Sequence[Difference], card: DatasetCard, where: Path) -> None:
    """End with a table when there is any difference.

    Raises:
        DifferenceError: there is.
    """
    if not differences:
        return
    shown = [f"{item.split}: {item.what}" for item in differences[:_SHOWN]]
    width = max(map(len, shown))
    table = "".join(
        f"\n  {what:{width}}  expected {item.expected}, found {item.found}"
        for what, item in zip(shown, differences, strict=False)
    )
    rest = f"\n  and {len(differences) - _SHOWN} more" if len(differences) > _SHOWN else ""
    raise DifferenceError(
        f"differs from edition {differences[0].edition} of {card.name}:{table}{rest}\n",
        remedy="complete the files and run again, or pass --allow-differences to take what is there "
        "(data of no listed edition gets protocol ids of its own)",
        path=where,
    )


def _differences_of_keys(name: str, edition: Edition, counts: Mapping[str, tuple[int, str]]) -> tuple[Difference, ...]:
    differences = []
    for split, (count, keys) in counts.items():
        facts = edition.splits.get(split)
        what = "pairs"
        if facts is None:
            expected, found = "no such split", str(count)
        elif facts.count not in (None, count):
            expected, found = str(facts.count), str(count)
        elif facts.keys_sha256 not in (None, keys):
            what, expected, found = "sha256 of the keys", f"{facts.keys_sha256}"[:12], keys[:12]
        else:
            continue
        differences.append(Difference(edition=name, split=split, what=what, expected=expected, found=found))
    return tuple(differences)


def _expectations(card: DatasetCard, stated: SplitFacts, found: ContentCounts) -> Iterator[tuple[str, int, int]]:
    for attribute, values in stated.attributes.items():
        for value, expected in values.items():
            yield f"{attribute} {value}, pairs", expected, found.attributes.get(attribute, Counter())[value]
    for unit, sets, here in (("boxes", stated.objects, found.objects), ("pairs", stated.images, found.pairs)):
        for label_set in sets.keys() & here.keys():
            ids = {entry.name: entry.id for entry in card.label_sets[label_set].classes}
            for name, expected in sets[label_set].items():
                yield f"{label_set} {name}, {unit}", expected, here[label_set][ids[name]]
