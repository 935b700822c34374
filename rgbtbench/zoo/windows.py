"""Sliding windows: where they lie, and what a network says in all of them, many in one pass."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from fractions import Fraction

import torch
from torch import Tensor

#: Slot to (N, C, H, W).
Images = Mapping[str, Tensor]


def window_starts(length: int, window: int, stride: Fraction) -> list[int]:
    """Return where the windows along one side begin.

    The last one ends with the image and may overlap the one before it by more than the others do; an image that is no
    longer than the window has one, which begins at 0.

    Args:
        length: of the side, in pixels.
        window: its length, in pixels.
        stride: from one to the next, as a part of the window, rounded up to whole pixels.
    """
    step = math.ceil(window * stride)
    count = math.ceil(max(length - window, 0) / step) + 1
    return [max(min(number * step, length - window), 0) for number in range(count)]


def summed_windows(
    scores: Callable[[Images], Tensor],
    images: Images,
    *,
    window: tuple[int, int] | None,
    stride: Fraction,
    per_pass: int,
) -> tuple[Tensor, Tensor]:
    """Return the sum over all windows of what a function says in each.

    Args:
        scores: images (N, C, h, w) to (N, K, h, w).
        images: all of one height and width H × W.
        window: height and width; None, and what is larger than the image, take all of it.
        stride: as for `window_starts`.
        per_pass: so many crops are given to `scores` at once, but at least one of each image.

    Returns:
        Sum (B, K, H, W), and how many windows each pixel lies in (H, W), in the type of the sum.
    """
    first = next(iter(images.values()))
    count, _, height, width = first.shape
    down, right = (height, width) if window is None else (min(window[0], height), min(window[1], width))
    places = list(itertools.product(window_starts(height, down, stride), window_starts(width, right, stride)))
    if len(places) == 1:
        whole = scores(images)
        return whole, whole.new_ones((height, width))
    total = covered = first.new_zeros(())
    step = max(per_pass // count, 1)
    for begin in range(0, len(places), step):
        chunk = places[begin : begin + step]
        crops = {
            slot: torch.cat([image[..., top : top + down, left : left + right] for top, left in chunk])
            for slot, image in images.items()
        }
        found = scores(crops)
        if begin == 0:
            total = found.new_zeros((count, found.shape[1], height, width))
            covered = found.new_zeros((height, width))
        for (top, left), score in zip(chunk, found.view(len(chunk), count, *found.shape[1:]), strict=True):
            total[..., top : top + down, left : left + right] += score
            covered[top : top + down, left : left + right] += 1
    return total, covered
