from __future__ import annotations

import cv2
import numpy as np
import pytest

from rgbtbench.formats.image_file import encode_png
from rgbtbench.inspection.choice import spread_positions
from rgbtbench.inspection.pictures import THUMBNAIL_WIDTH, picture, thumbnail, tone_mapped


def pixels_of(data: bytes):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("channels", [1, 3])
def test_what_a_browser_shows_is_handed_on_byte_for_byte(channels):
    pixels = np.arange(48 * channels, dtype=np.uint8).reshape(6, 8, channels).squeeze()
    data = encode_png(pixels)
    shown = picture(data, {"channels": channels, "bit_depth": 8})
    assert (shown.data, shown.extension, shown.note) == (data, "png", None)


def test_sixteen_bits_are_stretched_between_percentiles_and_say_so():
    pixels = np.linspace(20_000, 24_000, 100 * 100).round().astype(np.uint16).reshape(100, 100)
    shown = picture(encode_png(pixels), {"channels": 1, "bit_depth": 16})
    grey = pixels_of(shown.data)
    assert (grey.dtype, grey.min(), grey.max()) == (np.uint8, 0, 255)
    # The first and the last percent are cut off: 20,040 becomes black and 23,960 white.
    assert shown.note == "16-bit values 20040 to 23960 shown as black to white"
    assert grey[50, 0] == pytest.approx(127.5, abs=1)


def test_a_flat_image_stays_black_instead_of_dividing_by_zero():
    grey, low, high = tone_mapped(np.full((4, 4), 300, np.uint16))
    assert (grey.max(), low, high) == (0, 300, 300)


def test_a_fourth_channel_is_left_out_and_said_so():
    pixels = np.arange(6 * 8 * 4, dtype=np.uint8).reshape(6, 8, 4)
    shown = picture(encode_png(pixels), {"channels": 4, "bit_depth": 8})
    assert np.array_equal(pixels_of(shown.data)[..., ::-1], pixels[..., :3])
    assert shown.note == "first three of 4 channels"


def test_a_thumbnail_is_small_and_keeps_shape_and_colours():
    pixels = np.zeros((300, 400, 3), np.uint8)
    pixels[..., 0] = 200
    small = pixels_of(thumbnail(picture(encode_png(pixels), {"channels": 3, "bit_depth": 8})))
    assert small.shape == (144, THUMBNAIL_WIDTH, 3)
    assert small[70, 90].tolist() == pytest.approx([0, 0, 200], abs=6)


def test_samples_come_from_every_stretch_of_the_split():
    chosen = spread_positions(1000, 10, seed=3)
    assert [position // 100 for position in chosen] == list(range(10))
    assert chosen == spread_positions(1000, 10, seed=3)
    assert chosen != spread_positions(1000, 10, seed=4)


@pytest.mark.parametrize(("length", "count"), [(0, 5), (3, 5), (5, 5), (7, 5), (100, 99)])
def test_chosen_positions_are_distinct_and_inside(length, count):
    chosen = spread_positions(length, count, seed=0)
    assert len(set(chosen)) == len(chosen) == min(length, count)
    assert all(0 <= position < length for position in chosen)
