"""What an export says about itself, above all what its format cannot hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

#: File in every export that holds its `Summary`.
SUMMARY = "export.json"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a reader of the export must know.

    Attributes:
        text: what is lost, left out or written otherwise than stored.
        count: how many things it concerns.
        unit: what they are: `boxes`, `samples`.
    """

    text: str
    count: int
    unit: str

    def __str__(self) -> str:
        return f"{self.text} ({self.count} {self.unit})"


class Notes:
    """Notes that are gathered while an export runs, counted."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, text: str, count: int, unit: str) -> None:
        """Count `count` more things; none of them makes no note."""
        if count:
            self._counts[text, unit] = self._counts.get((text, unit), 0) + int(count)

    def all(self) -> tuple[Note, ...]:
        """Return all notes in the order of their first appearance."""
        return tuple(Note(text, count, unit) for (text, unit), count in self._counts.items())


@dataclass(frozen=True, slots=True)
class Summary:
    """A finished export.

    Attributes:
        format: `coco`, `voc`, …
        dataset, edition: of the prepared data.
        data_hash, labels_hash: of the prepared data.
        label_set: the labels that were written.
        label_space: `native`, `unified`, or another dataset's name.
        classes: id in that space to name; empty for saliency.
        splits: split to number of samples.
        modalities: those that were written.
        files, bytes: what was written.
        notes: what the format cannot hold, and what is written otherwise than stored.
    """

    format: str
    dataset: str
    edition: str
    data_hash: str
    labels_hash: str
    label_set: str
    label_space: str
    classes: Mapping[int, str]
    splits: Mapping[str, int]
    modalities: tuple[str, ...]
    files: int
    bytes: int
    notes: tuple[Note, ...]

    def to_json(self) -> dict[str, object]:
        """Return the summary as plain data."""
        return asdict(self)
