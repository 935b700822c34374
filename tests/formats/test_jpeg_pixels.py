"""Pixels of sound JPEGs are written in place; of every other file nothing is said."""

import cv2
import numpy as np
import pytest
import simplejpeg

from rgbtbench.formats import jpeg_pixels as module
from rgbtbench.formats.image_file import encode_png
from rgbtbench.formats.jpeg_pixels import jpeg_pixels

COLOURS = cv2.resize(np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8), (80, 64))
COLOUR = simplejpeg.encode_jpeg(COLOURS, quality=90)
GREY = simplejpeg.encode_jpeg(np.ascontiguousarray(COLOURS[..., :1]), quality=90, colorspace="GRAY")


def no_room(shape):
    raise AssertionError("nothing is decoded")


@pytest.mark.parametrize(("data", "channels"), [(COLOUR, 3), (memoryview(GREY), 1)], ids=["colour", "grey"])
def test_pixels_lie_where_the_caller_wants_them(data, channels):
    asked = []

    def room(shape):
        asked.append(np.full((2, *shape), 7, np.uint8))
        return asked[0][1]

    pixels = jpeg_pixels(data, room)
    (block,) = asked
    assert pixels.shape == (64, 80, channels)
    assert np.shares_memory(pixels, block[1])
    # OpenCV has a decoder of its own build.
    reference = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)[..., :channels]
    assert np.array_equal(block[1], reference)
    assert (block[0] == 7).all()


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8\xff", encode_png(COLOURS), COLOUR[:9], simplejpeg.encode_jpeg(
        np.zeros((8, 8, 4), np.uint8), colorspace="CMYK", colorsubsampling="444")],
    ids=["nothing", "a start", "PNG", "no header", "four inks"],
)  # fmt: skip
def test_what_is_no_grey_or_colour_jpeg_is_left_to_others(data):
    assert jpeg_pixels(data, no_room) is None


def test_a_size_that_no_image_has_is_not_made_room_for(monkeypatch):
    monkeypatch.setattr(module, "MAX_PIXELS", 64 * 80 - 1)
    assert jpeg_pixels(COLOUR, no_room) is None


def test_a_truncated_jpeg_is_left_to_others():
    assert jpeg_pixels(COLOUR[:-200], lambda shape: np.empty(shape, np.uint8)) is None
