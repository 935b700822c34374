"""From finished shards to the manifest and the index: one shard's memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rgbtbench import __version__
from rgbtbench.canonical import keys_sha256
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.cards.schema import AttributeValue
from rgbtbench.errors import ShardError
from rgbtbench.labels import LabelMap
from rgbtbench.shards.content import data_hasher, edition_of, labels_hasher, protocols_sha256
from rgbtbench.shards.expectations import ContentCounts, content_differences
from rgbtbench.shards.index_file import Row, attribute_type
from rgbtbench.shards.manifest import Difference, LabelSet, Manifest, Shard, Split
from rgbtbench.shards.plan import Plan, ShardPlan
from rgbtbench.shards.quarantine import Refusal
from rgbtbench.shards.sample import Signature
from rgbtbench.shards.state import ShardState, Written, read_states


@dataclass(frozen=True, slots=True)
class Merged:
    """What all shards together say.

    Attributes:
        manifest: of the whole.
        attributes: attribute to column type.
        columns: names of all index columns that occur.
        written: shard to the file that was written for it.
        first_rows: split to the row of its first sample.
    """

    manifest: Manifest
    attributes: Mapping[str, str]
    columns: frozenset[str]
    written: Mapping[str, Written]
    first_rows: Mapping[str, Row]


def finished(out: Path, plan: Plan) -> Iterator[tuple[ShardPlan, ShardState]]:
    """Yield every planned shard with what is remembered of it, in order."""
    states = read_states(out, (shard.name for shard in plan.shards))
    for shard, state in zip(plan.shards, states, strict=True):
        if state is None:
            raise ShardError(
                f"what was remembered of {shard.name} is gone",
                path=out,
                remedy="run again, and let nothing else write here",
            )
        yield shard, state


def refusals(out: Path, plan: Plan) -> list[Refusal]:
    """Return all refused samples in order."""
    return [refused for _, state in finished(out, plan) for refused in state.refused]


def index_chunks(out: Path, plan: Plan) -> Iterator[list[Row]]:
    """Yield the index rows of one shard after the other."""
    for _, state in finished(out, plan):
        if state.samples:
            yield [sample.row for sample in state.samples]


def merge(
    out: Path,
    plan: Plan,
    card: DatasetCard,
    signatures: Mapping[str, Signature | None],
    *,
    known: tuple[Difference, ...] = (),
) -> Merged:
    """Return the manifest of the finished shards.

    Args:
        out: the prepared dataset.
        plan: what was planned.
        card: the dataset's card.
        signatures: by split.
        known: differences from the card that the plan has already shown.

    Raises:
        ShardError: a split of which no sample could be stored, or an attribute of several kinds.
    """
    label_sets = _label_sets(card, signatures)
    data = data_hasher(card.name)
    labels = labels_hasher(card.name, {name: facts.map_sha256 for name, facts in label_sets.items()})
    splits = {split: _SplitSoFar() for split in plan.facts.splits}
    kinds: dict[str, dict[type, AttributeValue]] = {name: {} for name in card.attributes}
    columns: set[str] = set()
    counted = {split: ContentCounts() for split in plan.facts.splits}
    written: dict[str, Written] = {}
    first_rows: dict[str, Row] = {}
    refused = 0
    current = None
    for shard, state in finished(out, plan):
        if shard.split != current:
            current = shard.split
            data.begin(current)
            labels.begin(current)
        refused += len(state.refused)
        if state.written is not None:
            written[shard.name] = state.written
            first_rows.setdefault(shard.split, state.samples[0].row)
        for sample in state.samples:
            data.add(sample.data)
            labels.add(sample.labels)
            columns |= sample.row.keys()
            counted[current].add(sample)
            for name, found in kinds.items():
                value = sample.row[f"attr.{name}"]
                found.setdefault(type(value), value)
        splits[shard.split].add(shard, state)
    whole = plan.facts.limit is None
    counts = {name: (split.samples, split.keys_sha256()) for name, split in splits.items()}
    edition = edition_of(card, counts, whole=whole)
    manifest = Manifest(
        dataset=card.name,
        edition=edition,
        layout=plan.layout.name,
        rgbtbench=__version__,
        modalities=tuple(name for name in card.modalities if any(_has(signatures, f"{name}."))),
        attributes=tuple(card.attributes),
        label_sets=label_sets,
        splits={name: split.facts(name, counts[name][1], plan, signatures[name]) for name, split in splits.items()},
        plan=plan.facts,
        quarantined=refused,
        differences=(*known, *content_differences(card, edition, counted, plan)),
        data_hash=data.hexdigest(),
        labels_hash=labels.hexdigest(),
        protocol_hash=protocols_sha256(card),
    )
    types = {name: attribute_type(found.values()) for name, found in kinds.items()}
    return Merged(manifest, types, frozenset(columns), written, first_rows)


@dataclass(slots=True)
class _SplitSoFar:
    lines: list[str] = field(default_factory=list)  # keys of a shard each, one string
    shards: list[Shard] = field(default_factory=list)

    def add(self, shard: ShardPlan, state: ShardState) -> None:
        if state.written is None:
            return
        keys = [str(sample.row["key"]) for sample in state.samples]
        self.lines.append("\n".join(keys))
        self.shards.append(
            Shard(
                file=shard.file,
                samples=len(keys),
                bytes=state.written.bytes,
                sha256=state.written.sha256,
                first_key=keys[0],
                last_key=keys[-1],
            )
        )

    @property
    def samples(self) -> int:
        return sum(shard.samples for shard in self.shards)

    def keys_sha256(self) -> str:
        return keys_sha256("\n".join(self.lines).split("\n") if self.lines else [])

    def facts(self, name: str, keys: str, plan: Plan, signature: Signature | None) -> Split:
        if signature is None or not self.shards:
            raise ShardError(
                f"not one sample of split {name} can be stored", path=plan.root, remedy="unpack the files again"
            )
        return Split(
            samples=self.samples,
            keys_sha256=keys,
            members=signature.members,
            shards=tuple(self.shards),
        )


def _has(signatures: Mapping[str, Signature | None], start: str) -> Iterator[bool]:
    for signature in signatures.values():
        yield signature is not None and any(member.startswith(start) for member in signature.members)


def _label_sets(card: DatasetCard, signatures: Mapping[str, Signature | None]) -> dict[str, LabelSet]:
    present = {
        part.removesuffix(".png")
        for signature in signatures.values()
        if signature is not None
        for part in (*signature.members, *signature.record_parts)
    }
    maps = {name: LabelMap.of(facts) for name, facts in card.label_sets.items() if name in present}
    return {
        name: LabelSet(
            kind=card.label_sets[name].kind,
            frame=card.label_sets[name].frame,
            version=card.label_sets[name].version,
            map=label_map.to_json(),
            map_sha256=label_map.sha256,
        )
        for name, label_map in maps.items()
    }
