"""Four-channel PNG files that are no RGBA images: colour in the first three channels, another camera in the fourth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rgbtbench.errors import InputFileError
from rgbtbench.formats.image_file import png_image, read_raster
from rgbtbench.pair import Image


def split_fourth_channel(root: Path, relative: str) -> tuple[Image, Image]:
    """Return colour and fourth channel of a PNG as two images, both lossless.

    The samples are taken as stored. Nothing is composited: where the "alpha" is 0, image libraries and
    optimisers would turn colours black, although it only means that the other camera saw the coldest pixel.

    Args:
        root: the dataset's folder.
        relative: path of the file below it.

    Returns:
        An RGB PNG and a single-channel PNG; `conversion` of each names its channels.

    Raises:
        InputFileError: missing, outside `root`, damaged, or not a PNG of four 8-bit channels.
    """
    read, header = read_raster(root, relative)
    if header.format != "png" or header.channels != 4 or header.bit_depth != 8:
        raise InputFileError(
            f"a {header.format.upper()} of {header.channels} channels and {header.bit_depth} bits",
            expected="a PNG of four 8-bit channels",
            path=root / relative,
            remedy="use the official files: a converted copy has lost the fourth channel",
        )
    pixels = np.asarray(read, np.uint8)
    colour, fourth = (
        png_image(pixels[..., channels], source=relative, conversion=f"{said} of a 4-channel PNG")
        for channels, said in ((slice(0, 3), "channels 0 to 2"), (3, "channel 3"))
    )
    return colour, fourth
