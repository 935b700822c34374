"""A JPEG among PNG files keeps its pixels and says what was done to it."""

import numpy as np
import pytest

from rgbtbench.formats.image_file import decode_image, read_image_file
from rgbtbench.formats.image_header import probe
from rgbtbench.formats.png_of_jpeg import png_of_jpeg
from tests.formats.files import file_of, noise, pixels_of, put


@pytest.mark.parametrize("channels", [None, 3])
def test_the_pixels_are_those_of_the_jpeg(tmp_path, channels):
    put(tmp_path, "a.jpg", file_of(noise(channels=channels), "jpeg"))
    photograph = read_image_file(tmp_path, "a.jpg")
    image = png_of_jpeg(photograph)
    assert (image.extension, image.channels, image.bit_depth) == ("png", channels or 1, 8)
    assert image.conversion == "JPEG as PNG, which others of its split are"
    np.testing.assert_array_equal(pixels_of(image.data), decode_image(photograph.data, probe(photograph.data)))


def test_a_png_stays_as_it_is(tmp_path):
    put(tmp_path, "a.png", file_of(noise(channels=3)))
    photograph = read_image_file(tmp_path, "a.png")
    assert png_of_jpeg(photograph) is photograph
