"""Rendered images are written in the format that their name says."""

import numpy as np
import PIL.Image
import pytest

from rgbtbench.formats.image_file import read_image_file
from rgbtbench.formats.write_image import write_image, write_palette_png
from tests.formats.files import noise, pixels_of


@pytest.mark.parametrize("channels", [None, 3, 4])
def test_a_png_holds_the_pixels(tmp_path, channels):
    pixels = noise(channels=channels)
    write_image(tmp_path / "new folder" / "a.png", pixels)
    np.testing.assert_array_equal(pixels_of((tmp_path / "new folder" / "a.png").read_bytes()), pixels)


@pytest.mark.parametrize("channels", [None, 3])
def test_a_jpeg_is_close_to_the_pixels_and_has_their_channels(tmp_path, channels):
    ramp = np.linspace(0, 255, 64, dtype=np.uint8)
    pixels = np.broadcast_to(ramp, (32, 64)) if channels is None else np.dstack([np.broadcast_to(ramp, (32, 64))] * 3)
    write_image(tmp_path / "a.jpg", pixels)
    image = read_image_file(tmp_path, "a.jpg", check="full")
    assert image.channels == (channels or 1)
    assert np.abs(pixels_of(image.data).astype(int) - pixels).max() <= 4


def test_a_palette_file_holds_indices_and_their_colours(tmp_path):
    indices = noise(below=3)
    write_palette_png(tmp_path / "new/mask.png", indices, [(0, 0, 0), (1, 2, 3), (250, 0, 9)])
    image = PIL.Image.open(tmp_path / "new/mask.png")
    assert image.mode == "P"
    np.testing.assert_array_equal(np.asarray(image), indices)
    assert np.asarray(image.convert("RGB"))[indices == 1].tolist()[0] == [1, 2, 3]
