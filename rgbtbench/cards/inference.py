"""How a network looks at each image of a test: at which scales, mirrored or not, whole or window by window.

None of it is part of a protocol. One tag, `test_time_augmentation`, says it beside the predictions and in the record.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal, get_args

from rgbtbench.errors import UserError, did_you_mean

#: The tag where each image is seen once, whole, at its own scale.
PLAIN: Final = "none"
#: `mean_softmax` averages the probabilities of all views, as mmsegmentation does. `sum_exp` adds exp(logits) of all
#: windows and scales, where the logits of a window and of its mirror image are summed first, as CMX's evaluation does.
Merge = Literal["mean_softmax", "sum_exp"]
_LARGEST_SCALE: Final = 16.0
_STRIDE: Final = Fraction(2, 3)
_PATHS: Final = str.maketrans({":": "-", "/": "-", ",": "_"})


@dataclass(frozen=True, slots=True)
class Inference:
    """The views of an image that a network's answer is merged from.

    Attributes:
        scales: factors of height and width, ascending.
        flip: whether the mirror image is seen too.
        window: height and width of a sliding window in pixels of the scaled image; None sees it whole.
        stride: from one window to the next, as a part of the window.
        merge: how views become one answer.

    Raises:
        UserError: no scale or one twice, or a number out of its range.
    """

    scales: tuple[float, ...] = (1.0,)
    flip: bool = False
    window: tuple[int, int] | None = None
    stride: Fraction = field(default=_STRIDE)
    merge: Merge = "mean_softmax"

    def __post_init__(self) -> None:
        if not self.scales or not all(0 < scale <= _LARGEST_SCALE for scale in self.scales):
            raise UserError(
                f"scales {', '.join(map(str, self.scales)) or 'none'}",
                expected=f"numbers above 0, at most {_LARGEST_SCALE:g}",
            )
        if len(set(map(_number, self.scales))) < len(self.scales):
            raise UserError(f"scales {', '.join(map(_number, self.scales))}", expected="each scale once")
        if self.window is not None and min(self.window) < 1:
            raise UserError("a window of {} × {} pixels".format(*self.window), expected="at least one pixel")
        if not 0 < self.stride <= 1:
            raise UserError(f"a stride of {self.stride}", expected="a part of the window, above 0 and at most 1")
        if self.merge not in get_args(Merge):
            raise UserError(f"merge {self.merge!r}", remedy=did_you_mean(self.merge, get_args(Merge)))
        object.__setattr__(self, "scales", tuple(sorted(self.scales)))

    @property
    def tag(self) -> str:
        """Everything about it in one line, such as `scales:0.75,1,1.25+flip+window:480x640+stride:2/3+sum_exp`."""
        parts = []
        if self.scales != (1.0,):
            parts.append(f"scales:{','.join(map(_number, self.scales))}")
        if self.flip:
            parts.append("flip")
        if self.window is not None:
            parts += ["window:{}x{}".format(*self.window), f"stride:{self.stride}"]
        return "+".join([*parts, self.merge]) if parts else PLAIN

    @property
    def slug(self) -> str:
        """The tag as part of a file's name."""
        return self.tag.translate(_PATHS)


def read_inference(
    *,
    scales: str | None = None,
    flip: bool = False,
    window: str | None = None,
    stride: str | None = None,
    merge: str | None = None,
) -> Inference:
    """Read the views as a user writes them.

    Args:
        scales: `0.75,1,1.25`.
        flip: whether the mirror image is seen too.
        window: height and width, `480x640`.
        stride: `2/3` or `0.5`.
        merge: `mean_softmax` or `sum_exp`.

    Raises:
        UserError: a text that cannot be read, a number out of its range, or nothing that it concerns.
    """
    if stride is not None and window is None:
        raise UserError("a stride without a window", remedy="give the window's size too, such as 480x640")
    facts = {
        "scales": None if scales is None else tuple(_scale(part) for part in scales.split(",")),
        "window": None if window is None else _size(window.lower().split("x")),
        "stride": None if stride is None else _part(stride),
        "merge": merge,
    }
    read = Inference(flip=flip, **{name: fact for name, fact in facts.items() if fact is not None})  # type: ignore[arg-type]
    if merge is not None and read.tag == PLAIN:
        raise UserError("nothing to merge: each image is seen once", remedy="give scales, flip or a window")
    return read


def _number(scale: float) -> str:
    return f"{scale:g}"


def _scale(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = math.nan
    if not math.isfinite(scale):
        raise UserError(f"scale {text.strip()!r}", expected="numbers with commas between, such as 0.75,1,1.25")
    return scale


def _size(parts: Sequence[str]) -> tuple[int, int]:
    if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
        raise UserError(f"window {'x'.join(parts)!r}", expected="height x width in pixels, such as 480x640")
    height, width = (int(part) for part in parts)
    return height, width


def _part(text: str) -> Fraction:
    try:
        return Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        raise UserError(f"stride {text!r}", expected="a part of the window, such as 2/3") from None
