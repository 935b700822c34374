"""From predictions, or from a network of one's own, to a record that says everything a fair reader asks.

`rgbtbench.subject` does the same for trained and converted weights.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rgbtbench.cards.protocol import Protocol
from rgbtbench.conditions import NONE
from rgbtbench.errors import UserError
from rgbtbench.leaderboard.compose import record_of
from rgbtbench.leaderboard.records import Record
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.locations import location
from rgbtbench.predictions.members import read_sidecar
from rgbtbench.progress import Progress, Silent
from rgbtbench.scoring.ground_truth.file_truth import FileTruth
from rgbtbench.scoring.ground_truth.open import (
    MAX_CLASSES,
    file_protocol,
    open_ground_truth,
    protocol_of_files,
    too_many_classes,
)
from rgbtbench.scoring.score import Score, resolve_protocol, score, score_against
from rgbtbench.shards.manifest import read_manifest

if TYPE_CHECKING:
    from rgbtbench.loading.batch import Batch
    from rgbtbench.predictions.kinds import Prediction

_SILENT = Silent()
#: What is no name of a class but a number written amiss.
_NUMBER: Final = re.compile(r"\s*[-+]?[0-9]+(\.[0-9]*)?\s*")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A finished evaluation.

    Attributes:
        record: the result; `rgbtbench.leaderboard.store.write_record` stores it.
        score: its numbers, with the statistics that they come from.
        predictions: folder or file that was scored.
    """

    record: Record
    score: Score
    predictions: Path


def open_truth(data: Path, protocol_id: str) -> tuple[Protocol, PreparedSplit]:
    """Open the split that a protocol scores, the first of several, in its label space.

    Raises:
        ShardError: `data` is not prepared, or damaged.
        UserError: the protocol belongs to other data; the id to use is named.
    """
    protocol = resolve_protocol(protocol_id, read_manifest(data))
    return protocol, open_split(data, protocol.splits[0], label_space=protocol.label_space)


def open_single_truth(data: Path, protocol_id: str) -> tuple[Protocol, PreparedSplit]:
    """Open the split that a protocol scores, to predict it.

    Raises:
        ShardError: `data` is not prepared, or damaged.
        UserError: as `open_truth`, or the protocol scores several splits.
    """
    protocol, split = open_truth(data, protocol_id)
    if len(protocol.splits) > 1:
        raise UserError(
            f"{protocol.id} scores {len(protocol.splits)} splits at once",
            expected="a protocol of one",
            remedy="predict each of them, and score the files together with `rgbtbench score`",
        )
    return protocol, split


def score_predictions(
    predictions: Path,
    data: Path,
    protocol_id: str,
    *,
    method: str | None = None,
    variant: str | None = None,
    source: str | None = None,
    progress: Progress = _SILENT,
) -> Evaluation:
    """Score anyone's predictions; the record's kind is `scored`.

    Args:
        predictions: folder, archive or file; see docs/formats/predictions.md.
        data: prepared dataset.
        protocol_id: one of the data's protocols.
        method: what made them; None takes the name that the predictions carry, or their file's.
        variant: what sets the row apart within the method.
        source: paper or address that the predictions come from.
        progress: is told of images.

    Raises:
        PredictionError, ShardError, UserError: as `rgbtbench.scoring.score.score` and `open_truth`.
    """
    protocol, truth = open_truth(data, protocol_id)
    result = score(protocol, truth, predictions, progress=progress)
    stated = result.sidecar.method if result.sidecar else None
    record = record_of(
        result, truth, kind="scored", method=method or stated or predictions.stem, variant=variant, source=source
    )
    return Evaluation(record, result, predictions)


def require_one_truth(
    data: str | Path | None,
    ground_truth: str | Path | None,
    *,
    classes: object = None,
    stored: bool = False,
    described: bool = False,
) -> None:
    """Make sure that labels come from one place.

    Args:
        data: prepared dataset, if given.
        ground_truth: annotation files, if given.
        classes: what names the classes of annotation files, if anything.
        stored: whether a record is wanted.
        described: whether a variant or a source is named, which stand in records.

    Raises:
        UserError: none or both are given, classes are named of prepared data, or a record is wanted or described of
            labels that nothing is known of.
    """
    if (data is None) == (ground_truth is None):
        raise UserError(
            "labels come from prepared data or from annotation files", remedy="give --data or --ground-truth"
        )
    if data is not None and classes is not None:
        raise UserError(
            "prepared data has its classes already", remedy="leave out --classes, which are for --ground-truth"
        )
    if stored and data is None:
        raise UserError("files alone do not say which data they are", remedy="prepare the dataset to store a record")
    if described and data is None:
        raise UserError(
            "scores against annotation files make no record, of which --variant and --source speak",
            remedy="leave them out, or prepare the dataset",
        )


def score_either(
    predictions: Path,
    protocol_id: str,
    *,
    data: Path | None = None,
    ground_truth: Path | None = None,
    classes: Sequence[str] | None = None,
    progress: Progress = _SILENT,
) -> Score:
    """Score predictions on prepared data or against annotation files, without a record.

    Raises:
        UserError: not exactly one of `data` and `ground_truth` is given, or classes with `data`; or as
            `score_predictions` and `score_against_files`.
    """
    require_one_truth(data, ground_truth, classes=classes)
    if ground_truth is not None:
        return score_against_files(predictions, ground_truth, protocol_id, classes=classes, progress=progress)
    return score_predictions(predictions, data or Path(), protocol_id, progress=progress).score


def class_names(classes: str | int | Sequence[str] | None) -> list[str] | None:
    """Return the names that are given, also as in `road,person`, or `0`, `1`, … for a number of classes.

    Raises:
        UserError: a number that is not whole, negative, or far beyond the ids of masks.
    """
    if classes is None or not isinstance(classes, str | int):
        return classes if classes is None else list(classes)
    text = str(classes)
    if not text.isdecimal():
        if _NUMBER.fullmatch(text):
            raise UserError(
                f"--classes: {text} classes", remedy="give the number of classes, or their names as `road,person`"
            )
        return [name.strip() for name in text.split(",")]
    digits = text.lstrip("0") or "0"
    if len(digits) > len(str(MAX_CLASSES)):  # Python converts no number of thousands of digits.
        raise too_many_classes(text)
    return list(map(str, range(int(digits))))


def score_against_files(
    predictions: Path,
    ground_truth: Path,
    protocol_id: str,
    *,
    classes: Sequence[str] | None = None,
    progress: Progress = _SILENT,
) -> Score:
    """Score anyone's predictions against annotation files; makes no record, because nothing says which data they are.

    Args:
        predictions: folder, archive or file; see docs/formats/predictions.md.
        ground_truth: annotation file or folder.
        protocol_id: of a dataset whose files are read, or `generic/…`.
        classes: names of the class ids 0, 1, …, where no card names them.
        progress: is told of images.

    Raises:
        PredictionError, UserError: as `rgbtbench.scoring.score.score_against` and `open_ground_truth`.
        LabelError: the annotation files are missing or damaged.
    """
    protocol = file_protocol(protocol_id, classes)
    with open_ground_truth(protocol, ground_truth) as truth:
        return score_against_opened(predictions, truth, protocol, progress=progress)


def score_against_opened(
    predictions: Path, truth: FileTruth, protocol: Protocol, *, progress: Progress = _SILENT
) -> Score:
    """Score as `score_against_files` does, against files that are open and under a protocol from `file_protocol`."""
    named = protocol_of_files(protocol, truth)
    return score_against(truth, named, predictions, sidecar=read_sidecar(predictions), progress=progress)


def evaluate(
    network: Callable[[Batch], Sequence[Prediction]],
    data: str | Path,
    protocol_id: str,
    *,
    out: str | Path,
    method: str | None = None,
    condition: str = NONE,
    batch_size: int = 8,
    workers: int = 0,
    progress: Progress = _SILENT,
) -> Evaluation:
    """Run any network over the data that a protocol scores, and score it.

    The record's kind is `scored`: how the network was trained is not known here.

    Args:
        network: takes a `Batch` and returns one prediction per valid sample, in the original frame; the batch holds no
            labels but questions, where there are any.
        data: prepared dataset.
        protocol_id: one of the data's protocols.
        out: folder for the predictions, new or empty.
        method: name of the network; None takes the callable's.
        condition: what is done to the input. A network that turns pixels into floats itself has to obey
            `Batch.zeroed` and `Batch.noisy`, which `missing:<modality>/zero_norm` and `noisy:…` set, and
            `Batch.present`.
        batch_size: samples per call.
        workers: processes that decode.
        progress: is told of batches and images.

    Raises:
        PredictionError: `out` holds something, or the network left a sample out.
        ShardError, UserError: as `open_single_truth`.
    """
    from rgbtbench.zoo.predict import write_predictions

    protocol, truth = open_single_truth(location(data), protocol_id)
    name = method or str(getattr(network, "__name__", type(network).__name__))
    shown = protocol.rules.shown or protocol.label_set
    seen = truth.only(label_sets=(shown,)).under(condition)
    write_predictions(
        network,
        seen,
        Path(out),
        task=protocol.task,
        label_set=shown,
        method=name,
        batch_size=batch_size,
        workers=workers,
        progress=progress,
    )
    result = score(protocol, truth, out, progress=progress)
    return Evaluation(record_of(result, truth, kind="scored", method=name, condition=seen.condition), result, Path(out))
