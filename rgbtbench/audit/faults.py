"""The faults that an audit finds: their names, what each means, and how much it matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

#: `error`: the sample is wrong. `warning`: it may be wrong, look at it. `note`: a property that readers should know.
Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A kind of fault.

    Attributes:
        title: for tables.
        severity: see `Severity`.
        meaning: the rule, in a sentence.
    """

    title: str
    severity: Severity
    meaning: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of one sample.

    Attributes:
        kind: a key of `KINDS`.
        where: the modality or label set, or two joined by `+`.
        detail: what was found.
        count: how many boxes are concerned; 1 for images.
    """

    kind: str
    where: str
    detail: str
    count: int = 1


KINDS: Final[Mapping[str, FaultKind]] = MappingProxyType(
    {
        "missing-twin": FaultKind(
            "missing twin", "error", "a file of the pair was not there when the dataset was prepared (quarantine.jsonl)"
        ),
        "refused": FaultKind("refused", "error", "the pair was set aside when the dataset was prepared"),
        "damaged": FaultKind("damaged image", "error", "the pixels cannot be decoded"),
        "same-file": FaultKind("same file twice", "error", "two modalities are the same file, byte for byte"),
        "same-pixels": FaultKind("same pixels twice", "error", "two modalities have the same pixels"),
        "same-picture": FaultKind(
            "same picture twice", "error", "two modalities show the same picture: their grey levels correlate to 0.99"
        ),
        "size-mismatch": FaultKind(
            "size mismatch", "warning", "two modalities differ in size, and the card does not say so"
        ),
        "unexpected-size": FaultKind("unexpected size", "note", "the card states another size"),
        "constant": FaultKind("constant image", "error", "every pixel has the same value"),
        "black": FaultKind("black image", "warning", "at least 99 % of the pixels are black or next to it"),
        "saturated": FaultKind("saturated image", "warning", "at least half of the pixels have the highest value"),
        "not-finite": FaultKind("values not finite", "warning", "measured values hold NaN or infinity"),
        "equal-channels": FaultKind(
            "equal channels", "note", "stored with three channels that are equal everywhere: it is one channel"
        ),
        "colourless": FaultKind("colourless", "warning", "the visible image has three equal channels"),
        "misregistered": FaultKind(
            "misregistered", "warning", "the modalities lie apart by more than 1 % of the longer side, reliably so"
        ),
        "box-degenerate": FaultKind("degenerate box", "error", "a box without width or height"),
        "box-outside": FaultKind("box outside", "error", "a box that lies outside its image altogether"),
        "box-over-edge": FaultKind(
            "box over the edge", "warning", "a box that reaches more than a pixel beyond its image"
        ),
        "box-tiny": FaultKind("tiny box", "note", "a box with a side below 4 pixels"),
        "box-repeated": FaultKind("box twice", "warning", "two boxes with the same class and coordinates"),
        "class-unnamed": FaultKind("id without a name", "error", "a label id that the label set does not name"),
        "mask-size": FaultKind("mask of another size", "error", "the mask's size is not that of the frame it follows"),
    }
)
