"""Faults that one image shows by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.faults import Fault
from rgbtbench.formats.image_file import Pixels

#: Shares of the pixels from which an image is called black or saturated.
_BLACK, _SATURATED = 0.99, 0.5
#: The highest value is this many times the highest that still counts as black: 2 of 255.
_DARK: Final = 127
#: Pixels are looked at in every so many rows, and columns where few tell, before all of them are.
_STRIDE: Final = 8


def image_faults(modality: str, pixels: Pixels, *, equal_channels: bool) -> Iterator[Fault]:
    """Yield the faults of one image.

    Args:
        modality: its name; `rgb` should have colours.
        pixels: uint8, uint16 or float32 (H, W, C).
        equal_channels: whether three channels were found equal.
    """
    if equal_channels:
        kind = "colourless" if modality.partition("_")[0] == "rgb" else "equal-channels"
        yield Fault(kind, modality, "three equal channels")
    if pixels.dtype == np.float32 and not np.isfinite(pixels).all():
        share = 1 - float(np.isfinite(pixels).mean())
        yield Fault("not-finite", modality, f"{100 * share:.1f} % of the values")
        pixels = np.nan_to_num(pixels.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    first = pixels[0, 0]
    if (pixels[::_STRIDE, ::_STRIDE] == first).all() and (pixels == first).all():
        yield Fault("constant", modality, f"every pixel is {'/'.join(f'{value:g}' for value in first.tolist())}")
        return
    if pixels.dtype == np.float32:
        return  # measured values have neither black nor white
    highest = 255 if pixels.dtype == np.uint8 else 65535
    if _share_is(_BLACK, lambda rows: rows <= highest // _DARK, pixels):
        yield Fault("black", modality, f"mean {float(pixels.mean()):.1f} of {highest}")
    # A sensor of 10 to 14 bits saturates at its own highest value.
    top = highest if highest == 255 else int(pixels.max())
    if _share_is(_SATURATED, lambda rows: rows >= top, pixels):
        yield Fault("saturated", modality, f"{100 * float((pixels == top).mean()):.0f} % of the values are {top}")


def _share_is(least: float, test: Callable[[Pixels], NDArray[np.bool_]], pixels: Pixels) -> bool:
    """Whether at least a share of the values passes a test; a sample of the rows is enough to say no."""
    some = test(pixels[::_STRIDE])
    if np.count_nonzero(some) < 0.8 * least * some.size:
        return False
    every = test(pixels)
    return bool(np.count_nonzero(every) >= least * every.size)
