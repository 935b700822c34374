"""BMP, TIFF and PNM become PNG with the same samples; what they promise is checked before anything is decoded."""

import cv2
import numpy as np
import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.foreign_image import read_any_image
from tests.formats.files import file_of, noise, pixels_of, put

FILES = [
    ("a.bmp", file_of(noise(channels=3), "bmp"), noise(channels=3)),
    ("b.tif", file_of(noise(channels=3), "tiff"), noise(channels=3)),
    ("c.tiff", file_of(noise(below=65536, dtype=np.uint16), "tiff"), noise(below=65536, dtype=np.uint16)),
    ("d.pgm", file_of(noise(), "ppm"), noise()),
    ("e.ppm", file_of(noise(channels=3), "ppm"), noise(channels=3)),
]


@pytest.mark.parametrize(("name", "data", "expected"), FILES, ids=[name for name, _, _ in FILES])
def test_the_samples_of_another_format_are_kept_and_the_conversion_is_named(tmp_path, name, data, expected):
    put(tmp_path, name, data)
    image = read_any_image(tmp_path, name)
    np.testing.assert_array_equal(pixels_of(image.data), expected)
    assert image.conversion == f"{name.rpartition('.')[2].upper()} as PNG"
    assert (image.width, image.height, image.bit_depth) == (17, 13, 8 * expected.dtype.itemsize)


def test_a_jpeg_keeps_its_bytes(tmp_path):
    data = file_of(noise(channels=3), "jpeg")
    put(tmp_path, "a.jpg", data)
    assert (read_any_image(tmp_path, "a.jpg").data, read_any_image(tmp_path, "a.jpg").conversion) == (data, None)


@pytest.mark.parametrize(("name", "data", "_"), FILES, ids=[name for name, _, _ in FILES])
@pytest.mark.parametrize("part", [0.02, 0.1, 0.5, 0.97])
def test_a_truncated_file_is_refused(tmp_path, name, data, _, part):
    put(tmp_path, name, data[: int(len(data) * part)])
    with pytest.raises(InputFileError, match=name):
        read_any_image(tmp_path, name)


def test_a_small_file_cannot_ask_for_gigabytes(tmp_path):
    bmp = bytearray(file_of(noise(channels=3), "bmp"))
    bmp[18:26] = (60_000).to_bytes(4, "little") * 2
    put(tmp_path, "a.bmp", bytes(bmp))
    put(tmp_path, "b.pgm", b"P5\n999999 999999\n255\n" + b"\0" * 100)
    for name in ("a.bmp", "b.pgm"):
        with pytest.raises(InputFileError, match=name):
            read_any_image(tmp_path, name)


def test_colours_of_double_precision_end_in_one_error(tmp_path):
    cv2.imwrite(str(tmp_path / "a.tif"), np.random.default_rng(0).random((8, 8, 3)))
    with pytest.raises(InputFileError, match=r"a\.tif: the pixels cannot be decoded to 8 or 16 bits"):
        read_any_image(tmp_path, "a.tif")


def test_another_ending_is_refused(tmp_path):
    put(tmp_path, "a.gif", file_of(noise(), "gif"))
    with pytest.raises(InputFileError, match=r"a\.gif: neither JPEG nor PNG nor NumPy file"):
        read_any_image(tmp_path, "a.gif")
