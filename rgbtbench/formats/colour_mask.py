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
    pixels = _eight_bit_png(root, relative, channels=(3, 4))[..., :3]
    packed = _packed(pixels)
    colours, inverse, counts = np.unique(packed, return_inverse=True, return_counts=True)
    ids = {int(_packed(np.array(colour, np.uint8))): number for colour, number in palette.items()}
    unknown = [(colour, n) for colour, n in zip(colours.tolist(), counts.tolist(), strict=True) if colour not in ids]
    if unknown:
        worst = sorted(unknown, key=lambda item: -item[1])[:3]
        shown = ", ".join(f"{_unpacked(colour)} on {n} pixels" for colour, n in worst)
        raise LabelError(
            f"holds {len(unknown)} colours that are no class: {shown}",
            expected=f"the {len(ids)} colours of the card",
            path=root / relative,
            remedy="use the official label files: a resized or compressed copy has mixed colours",
        )
    table = np.array([ids[colour] for colour in colours.tolist()], np.uint8)
    values = table[inverse].reshape(packed.shape)
    return mask_of(values, kind="semantic", frame=frame, source=relative, conversion="colours as ids")


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


def _packed(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    red, green, blue = (pixels[..., channel].astype(np.int64) for channel in range(3))
    return (red << 16) | (green << 8) | blue


def _unpacked(colour: int) -> Colour:
    return colour >> 16, (colour >> 8) & 255, colour & 255
