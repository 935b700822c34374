"""Single steps of a condition: what is done to one modality, and its id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from rgbtbench.cards.corruptions import SEVERITIES, corruptions
from rgbtbench.errors import UnknownNameError, did_you_mean

#: What stands in for a missing image: nothing (`drop`), 0 before (`zero_raw`) or after the model's normalisation
#: (`zero_norm`), the mean pixel of the split, uniform noise, the other modality's image, another sample's image.
Fill = Literal["drop", "zero_raw", "zero_norm", "mean", "noise", "repeat_other", "swap"]
_FARTHEST: Final = 1000.0
_LARGEST: Final = 4.0


@dataclass(frozen=True, slots=True)
class Missing:
    """The modality's image is not there: `missing:lwir/zero_norm`.

    Attributes:
        modality: the modality concerned.
        fill: what stands in for it.
        share: how much of it is missing; below 1 for `zero_norm` alone, each element of the network's input then being
            lost with this probability (`missing:lwir/zero_norm/0.5`).
    """

    modality: str
    fill: Fill
    share: float = 1.0

    def __str__(self) -> str:
        return f"missing:{self.modality}/{self.fill}" + ("" if self.share == 1 else f"/{self.share:g}")


@dataclass(frozen=True, slots=True)
class Shift:
    """The modality's content lies elsewhere: `shift:lwir/4,-2`.

    Attributes:
        modality: the modality concerned.
        right, down: how far, in pixels of the frame that the labels follow.
    """

    modality: str
    right: float
    down: float

    def __str__(self) -> str:
        return f"shift:{self.modality}/{self.right:g},{self.down:g}"


@dataclass(frozen=True, slots=True)
class Scale:
    """The modality's content is larger, about the centre: `scale:lwir/1.02`."""

    modality: str
    factor: float

    def __str__(self) -> str:
        return f"scale:{self.modality}/{self.factor:g}"


@dataclass(frozen=True, slots=True)
class Parallax:
    """The modality sees near things elsewhere: `parallax:lwir/8`.

    Attributes:
        modality: the modality concerned.
        pixels: how far the lowest row lies to the right, in pixels of the frame that the labels follow.
    """

    modality: str
    pixels: float

    def __str__(self) -> str:
        return f"parallax:{self.modality}/{self.pixels:g}"


@dataclass(frozen=True, slots=True)
class Corrupt:
    """The modality's pixels are corrupted: `corrupt:rgb/fog/3`."""

    modality: str
    corruption: str
    severity: int

    def __str__(self) -> str:
        return f"corrupt:{self.modality}/{self.corruption}/{self.severity}"


@dataclass(frozen=True, slots=True)
class Noisy:
    """The network's input is noisy after normalisation: `noisy:lwir/0.05,0.1`.

    Attributes:
        modality: the modality concerned.
        density: of salt and pepper: so many draws per element set one to the highest or to the lowest value that the
            image has, half of them each.
        deviation: of normal noise that is added everywhere, in units of the normalised input.
    """

    modality: str
    density: float
    deviation: float

    def __str__(self) -> str:
        return f"noisy:{self.modality}/{self.density:g},{self.deviation:g}"


#: Steps that move the content of a modality away from the labels.
Misregistration = Shift | Scale | Parallax
#: Steps that happen to the network's input: the pixels stay as they are where they are there at all.
OfInput = Missing | Noisy
Step = OfInput | Misregistration | Corrupt

_EXAMPLES: Final = {
    "missing": "missing:lwir/zero_norm",
    "shift": "shift:lwir/4,-2",
    "scale": "scale:lwir/1.02",
    "parallax": "parallax:lwir/8",
    "corrupt": "corrupt:rgb/fog/3",
    "noisy": "noisy:lwir/0.05,0.1",
}


def parse_step(text: str, modalities: Sequence[str]) -> Step:
    """Read the id of one step.

    Args:
        text: `<kind>:<modality>/<details>`.
        modalities: those that there are.

    Raises:
        UnknownNameError: no such kind, modality, fill or corruption, or numbers out of range; names the closest.
    """
    kind, _, rest = text.partition(":")
    if kind not in _EXAMPLES:
        raise UnknownNameError(
            f"no condition {text!r}", expected="one such as " + ", ".join(_EXAMPLES.values()), remedy=_closest(text)
        )
    modality, *details = rest.split("/")
    if modality not in modalities:
        raise UnknownNameError(f"{text}: no modality {modality!r}", remedy=did_you_mean(modality, modalities))
    match kind, details:
        case "missing", [fill, *share] if len(share) < 2:
            return _missing(text, modality, fill, share)
        case "shift", [distances] if distances.count(",") == 1:
            right, down = (_number(text, part, -_FARTHEST, _FARTHEST) for part in distances.split(","))
            return Shift(modality, right, down)
        case "scale", [factor]:
            return Scale(modality, _number(text, factor, 1 / _LARGEST, _LARGEST))
        case "parallax", [pixels]:
            return Parallax(modality, _number(text, pixels, -_FARTHEST, _FARTHEST))
        case "noisy", [strengths] if strengths.count(",") == 1:
            density, deviation = strengths.split(",")
            return Noisy(modality, _number(text, density, 0, 1), _number(text, deviation, 0, _LARGEST))
        case "corrupt", [name, severity]:
            return _corrupt(text, modality, name, severity)
    raise UnknownNameError(f"no condition {text!r}", expected=f"one such as {_EXAMPLES[kind]}")


def _missing(text: str, modality: str, fill: str, share: list[str]) -> Missing:
    if fill not in get_args(Fill):
        raise UnknownNameError(f"{text}: no fill {fill!r}", remedy=did_you_mean(fill, get_args(Fill)))
    if share and fill != "zero_norm":
        raise UnknownNameError(f"{text}: only zero_norm can be partial", remedy=f"write missing:{modality}/{fill}")
    return Missing(modality, fill, *(_number(text, part, 0.001, 1.0) for part in share))  # type: ignore[arg-type]


def _corrupt(text: str, modality: str, name: str, severity: str) -> Corrupt:
    possible = [known for known, facts in corruptions().items() if facts.happens_to(modality)]
    if name not in possible:
        found = f"{name} does not happen to {modality}" if name in corruptions() else f"no corruption {name!r}"
        raise UnknownNameError(f"{text}: {found}", remedy=did_you_mean(name, possible))
    if severity not in map(str, SEVERITIES):
        raise UnknownNameError(f"{text}: no severity {severity!r}", expected="a whole number from 1 to 5")
    return Corrupt(modality, name, int(severity))


def _number(text: str, part: str, low: float, high: float) -> float:
    try:
        value = float(part)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise UnknownNameError(f"{text}: {part!r}", expected=f"a number from {low:g} to {high:g}")
    # As the id writes it, so that an id and what it does cannot differ; and no negative zero.
    return float(f"{value:g}") + 0.0


def _closest(text: str) -> str | None:
    kind = text.partition(":")[0]
    suggestion = did_you_mean(kind, _EXAMPLES)
    return suggestion if suggestion.startswith("did") else None
