"""Packed TIFF files: sound ones unpack, whatever their form, and damage that OpenCV passes over is noticed."""

import io
import struct

import numpy as np
import PIL.Image
import pytest

from rgbtbench.formats.tiff_file import tiff_size, tiff_unpacks
from tests.formats.files import file_of, noise

PICTURES = {
    "grey": noise(48, 64),
    "colour": noise(48, 64, 3),
    "four channels": noise(48, 64, 4),
    "odd": noise(47, 63),
    "deep": noise(48, 64, below=65_536, dtype=np.uint16),
}
PACKINGS = ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"]


def packed(picture, packing, **tags):
    return file_of(PICTURES[picture], "tiff", compression=packing, tiffinfo=tags.pop("tags", {}))


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("tags", [{}, {317: 2}, {278: 7}], ids=["plain", "differences", "strips"])
def test_a_sound_file_unpacks(picture, packing, tags):
    data = packed(picture, packing, tags=tags)
    height, width = PICTURES[picture].shape[:2]
    assert tiff_size(data) == (width, height)
    assert tiff_unpacks(data)


def test_a_file_of_the_other_byte_order_unpacks():
    strip = PICTURES["grey"].tobytes()
    fields = [(256, 64), (257, 48), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 48), (279, len(strip))]
    entries = b"".join(struct.pack(">HHII", tag, 4, 1, value) for tag, value in fields)
    data = b"MM\0*" + struct.pack(">I", 8 + len(strip)) + strip + struct.pack(">H", len(fields)) + entries + bytes(4)
    np.testing.assert_array_equal(np.asarray(PIL.Image.open(io.BytesIO(data))), PICTURES["grey"])
    assert tiff_unpacks(data)


@pytest.mark.parametrize("picture", ["grey", "colour", "four channels"])
@pytest.mark.parametrize(("packing", "share"), [("tiff_lzw", 0.9), ("tiff_adobe_deflate", 1.0)])
@pytest.mark.parametrize("tags", [{}, {317: 2}, {278: 7}], ids=["plain", "differences", "strips"])
def test_damage_to_what_is_packed_is_noticed(picture, packing, share, tags):
    data = packed(picture, packing, tags=tags)
    noticed = 0
    for seed in range(40):
        random, damaged = np.random.default_rng(seed), bytearray(data)
        at = int(random.integers(16, len(data) - 500))
        damaged[at : at + 60] = random.bytes(60)
        noticed += not tiff_unpacks(bytes(damaged))
    assert noticed >= share * 40
