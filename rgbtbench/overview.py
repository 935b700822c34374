"""One set of predictions under every protocol of a dataset, and why the numbers differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rgbtbench.cards import catalog
from rgbtbench.cards.protocol import Protocol
from rgbtbench.errors import UserError
from rgbtbench.evaluation import require_one_truth, score_against_opened, score_either
from rgbtbench.leaderboard.wording import rules_in_words
from rgbtbench.predictions.members import read_sidecar
from rgbtbench.progress import Progress, Silent, track
from rgbtbench.scoring.ground_truth.open import GroundTruths
from rgbtbench.scoring.resolve import protocols_of
from rgbtbench.scoring.score import Score
from rgbtbench.shards.manifest import read_manifest

_SILENT = Silent()
#: What says where a rule comes from and how sure a number is, and changes no number.
_NO_RULES = ("Follows", "Intervals")


@dataclass(frozen=True)
class Entry:
    """The predictions under one protocol.

    Attributes:
        protocol: the rules.
        differs: what sets the rules apart, in words: those of `<id>+<variant>` from `<id>`, others from those of the
            first protocol of the same metric that could be scored, and this one's from the very first's, for which it
            is empty.
        score: the result, None where there is none.
        reason: why there is none, empty otherwise.
    """

    protocol: Protocol
    differs: tuple[str, ...]
    score: Score | None
    reason: str = ""

    @property
    def headline(self) -> float | None:
        """The protocol's headline metric, in its unit."""
        return None if self.score is None else self.score.metrics[self.protocol.rules.headline]


def is_dataset(name: str, *, classes: object = None, stored: bool = False, described: bool = False) -> bool:
    """Return whether a name means all protocols of a dataset rather than one protocol.

    Args:
        name: of a dataset, or a protocol's id.
        classes: what names the classes of annotation files, if anything.
        stored: whether a record is wanted.
        described: whether a method, a variant or a source is named, which stand in records.

    Raises:
        UserError: a record is wanted or described of a whole dataset's protocols, or its classes are named.
    """
    if "/" in name:
        return False
    if stored:
        raise UserError(f"{name} stands for several protocols", remedy="name one protocol to store a record")
    if described:
        raise UserError(
            f"{name} stands for several protocols and makes no record, of which --method, --variant and --source speak",
            remedy="leave them out, or name one protocol",
        )
    if classes is not None:
        raise UserError(f"{name} has its classes already", remedy="leave out --classes")
    return True


def score_under_all(
    dataset: str,
    predictions: Path,
    *,
    data: Path | None = None,
    ground_truth: Path | None = None,
    progress: Progress = _SILENT,
) -> list[Entry]:
    """Score predictions under all protocols of a dataset, in the order of its card.

    A protocol of another split or label set than the predictions belong to is listed with the reason.

    Args:
        dataset: its name.
        predictions: folder, archive or file.
        data: prepared dataset with the labels.
        ground_truth: annotation files instead.
        progress: is told of protocols.

    Raises:
        UnknownNameError: no such dataset.
        UserError: not exactly one of `data` and `ground_truth`, data of another dataset, or no protocol could be
            scored; then the first protocol's reason is named.
    """
    require_one_truth(data, ground_truth)
    sidecar = read_sidecar(predictions)
    protocols = [protocol for protocol in _protocols(dataset, data) if sidecar is None or sidecar.task == protocol.task]
    found: list[Entry] = []
    scored: dict[str, Protocol] = {}
    with ExitStack() as stack:
        scored_by = _scorer(predictions, data, ground_truth, stack)
        for protocol in track(protocols, progress, "scoring", total=len(protocols), unit="protocols"):
            try:
                score = scored_by(protocol)
            except UserError as error:
                found.append(Entry(protocol, (), None, str(error)))
                continue
            # A variant is described by what sets it apart from the protocol that it varies.
            reference = scored.get(protocol.id.rpartition("+")[0]) or _first_of_its_metric(protocol, scored)
            scored[protocol.id] = protocol
            found.append(Entry(protocol, _differences(reference, protocol), score))
    if not scored:
        reason = found[0].reason if found else "there is none for these predictions"
        raise UserError(f"no protocol of {dataset} can score {predictions}: {reason}", remedy="name one protocol")
    return found


def _scorer(
    predictions: Path, data: Path | None, ground_truth: Path | None, stack: ExitStack
) -> Callable[[Protocol], Score]:
    """Return what scores under a protocol; `stack` closes the annotation files that it opens."""
    if ground_truth is None:
        return lambda protocol: score_either(predictions, protocol.id, data=data)
    truths = stack.enter_context(GroundTruths(ground_truth))
    return lambda protocol: score_against_opened(predictions, truths.of(protocol), protocol)


def _protocols(dataset: str, data: Path | None) -> Iterator[Protocol]:
    card = catalog.dataset_card(dataset)
    order = {name: at for at, name in enumerate(card.protocols)}
    if data is None:
        known: Mapping[str, Protocol] = {
            name: catalog.protocol(name) for name in catalog.protocol_ids(dataset) if name.startswith(f"{dataset}/")
        }
    else:
        manifest = read_manifest(data)
        if manifest.dataset != dataset:
            raise UserError(f"{data} holds {manifest.dataset}", expected=dataset, remedy="name the data's own dataset")
        known = protocols_of(manifest)
    return iter(sorted(known.values(), key=lambda protocol: order[protocol.id.partition("/")[2]]))


def _first_of_its_metric(protocol: Protocol, scored: Mapping[str, Protocol]) -> Protocol:
    alike = (other for other in scored.values() if other.rules.metric == protocol.rules.metric)
    return next(alike, next(iter(scored.values()), protocol))


def _differences(reference: Protocol, protocol: Protocol) -> tuple[str, ...]:
    known = {label: text for label, text in rules_in_words(reference) if label not in _NO_RULES}
    return tuple(
        f"{label.lower()}: {text}"
        for label, text in rules_in_words(protocol)
        if label not in _NO_RULES and known.get(label) != text
    )
