"""Which pixels of a label are scored: some tools resize labels, hide pixels, or score a window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.errors import LabelError
from rgbtbench.labels import IGNORE


def scored_label(
    label: NDArray[np.uint8], rules: SegmentationRules, *, hidden: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Return a label as it is scored.

    Args:
        label: uint8 (H, W), class ids.
        rules: the protocol's rules.
        hidden: uint8 (H, W), not 0 where no pixel is scored; given where the rules have `hidden_by`.

    Returns:
        uint8 of the rules' `label_size` or (H, W), `IGNORE` where nothing is scored; the label itself where the rules
        change nothing.

    Raises:
        LabelError: the window does not lie inside the label.
    """
    if rules.label_size is None and hidden is None and rules.window is None:
        return label
    found = resized(label, rules).copy()
    if hidden is not None:
        found[resized(hidden, rules) != 0] = IGNORE
    if rules.window is not None:
        left, top, right, bottom = rules.window
        height, width = found.shape
        if right > width or bottom > height:
            raise LabelError(
                f"a label of {width}x{height} does not hold the window {rules.window}",
                remedy="score the official labels, at their own size",
            )
        outside = np.ones(found.shape, np.bool_)
        outside[top:bottom, left:right] = False
        found[outside] = IGNORE
    return found


def resized(label: NDArray[np.uint8], rules: SegmentationRules) -> NDArray[np.uint8]:
    """Return a label of the rules' `label_size`, by the nearest pixel as `label_sampling` says; no id is made up.

    `corner` reads pixel floor(i * from / to), as OpenCV's `INTER_NEAREST` and torch's `nearest` do, `centre`
    floor((i + 0.5) * from / to), as Pillow and torch's `nearest-exact` do. The arithmetic is of whole numbers: where a
    centre falls on the very edge of two pixels, those tools take either, as their rounding falls.
    """
    if rules.label_size is None or rules.label_size == label.shape:
        return label
    shift = 1 if rules.label_sampling == "centre" else 0
    rows, columns = (
        (2 * np.arange(to) + shift) * size // (2 * to) for to, size in zip(rules.label_size, label.shape, strict=True)
    )
    return label[np.ix_(rows, columns)]
