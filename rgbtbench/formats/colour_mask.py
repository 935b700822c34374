"""Masks that circulate as pictures: one colour per class, or the id in one of the channels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.cards.schema import Frame
from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.image_file import read_raster
from rgbtbench.formats.index_mask import mask_of
from rgbtbench.pair import Mask

Colour = tuple[int, int, int]


def palette_of(facts: LabelSetFacts) -> dict[Colour, int]:
    """Return the card's colours with their ids; classes without a colour are left out."""
    return {entry.colour: entry.id for entry in facts.classes if entry.colour is not None}


def read_colour_mask(root: Path, relative: str, *, palette: Mapping[Colour, int], frame: Frame) -> Mask:
    """Return a colour-coded label PNG as a mask of ids.

    Args:
        root: the dataset's folder.
        relative: path below it.
        palette: RGB 0 to 255 to id.
        frame: the camera whose pixels the mask follows.

    Raises:
        InputFileError: missing, outside `root`, damaged, or no 8-bit PNG in colours.
        LabelError: a colour that the palette does not have; says which and on how many pixels.
    """
    packed = _packed(_eight_bit_png(root, relative, channels=(3, 4)))
    following = np.zeros(1 << 24, np.uint16)  # the id and 1; zeros cost nothing until they are looked at
    for colour, number in palette.items():
        following[int(_packed(np.array(colour, np.uint8)))] = number + 1
    found = following[packed]
    strangers = packed[found == 0]
    if strangers.size:
        counts = np.bincount(strangers, minlength=1 << 24)
        worst = np.argsort(-counts, kind="stable")[: min(3, np.count_nonzero(counts))].tolist()
        shown = ", ".join(f"{_unpacked(colour)} on {counts[colour]} pixels" for colour in worst)
        raise LabelError(
            f"holds {np.count_nonzero(counts)} colours that are no class: {shown}",
            expected=f"the {len(palette)} colours of the card",
            path=root / relative,
            remedy="use the official label files: a resized or compressed copy has mixed colours",
        )
    ids = (found - 1).astype(np.uint8)
    return mask_of(ids, kind="semantic", frame=frame, source=relative, conversion="colours as ids")


def read_channel_mask(root: Path, relative: str, *, channel: int, frame: Frame) -> Mask:
    """Return one channel (0 red, 1 green, 2 blue) of a colour PNG as a mask of ids; raises as `read_colour_mask`."""
    pixels = _eight_bit_png(root, relative, channels=(3, 4))
    values = np.ascontiguousarray(pixels[..., channel])
    return mask_of(
        values, kind="semantic", frame=frame, source=relative, conversion=f"channel {channel} of a colour PNG"
    )


def _eight_bit_png(root: Path, relative: str, *, channels: tuple[int, ...]) -> NDArray[np.uint8]:
    pixels, header = read_raster(root, relative)
    if header.format != "png" or header.bit_depth != 8 or pixels.ndim != 3 or pixels.shape[2] not in channels:
        raise InputFileError(
            f"a {header.format.upper()} of {header.channels} channels and {header.bit_depth} bits",
            expected="an 8-bit PNG in colours",
            path=root / relative,
            remedy="use the official label files",
        )
    return np.asarray(pixels, np.uint8)


def _packed(pixels: NDArray[np.uint8]) -> NDArray[np.uint32]:
    packed = pixels[..., 0].astype(np.uint32)
    for channel in (1, 2):
        packed <<= 8
        packed |= pixels[..., channel]
    return packed


def _unpacked(colour: int) -> Colour:
    return colour >> 16, (colour >> 8) & 255, colour & 255
