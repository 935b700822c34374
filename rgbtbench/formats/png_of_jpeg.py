"""JPEG files of a split that holds PNG files as well.

Samples of a split have the same members, so that its images must be of one format.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rgbtbench.formats.image_file import decode_image, encode_png
from rgbtbench.formats.image_header import probe
from rgbtbench.pair import Image


def png_of_jpeg(image: Image) -> Image:
    """Return a JPEG's decoded pixels as PNG; any other image as it is.

    The pixels are those that every reader of the JPEG gets; only its bytes, and what else they may tell, are lost.

    Raises:
        InputFileError: the pixel data is damaged.
    """
    if image.extension != "jpg":
        return image
    pixels = np.asarray(decode_image(image.data, probe(image.data)), np.uint8)
    return replace(
        image,
        data=encode_png(pixels),
        extension="png",
        conversion="JPEG as PNG, which others of its split are",
    )
