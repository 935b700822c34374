"""Photographs keep their bytes; raw samples equal those that an independent decoder sees."""

import struct
import zlib

import cv2
import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rgbtbench.errors import InputFileError
from rgbtbench.formats.image_file import decode_image, encode_png, probe, read_image_file
from rgbtbench.formats.image_header import png_chunks, png_file
from tests.formats.files import file_of, noise, palette_file, pixels_of, put


@pytest.mark.parametrize("check", ["probe", "full"])
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.png", file_of(noise(channels=3))),
        ("b.png", file_of(noise(below=65536, dtype=np.uint16))),
        ("c.jpg", file_of(noise(channels=3), "jpeg")),
        ("d.JPEG", file_of(noise(), "jpeg")),
    ],
)
def test_official_bytes_stay_as_they_are(tmp_path, name, data, check):
    put(tmp_path, f"folder/{name}", data)
    image = read_image_file(tmp_path, f"folder/{name}", check=check)
    assert image.data == data
    assert image.conversion is None
    assert image.source == f"folder/{name}"
    assert (image.width, image.height) == (17, 13)


def test_a_palette_photograph_counts_as_its_colours(tmp_path):
    put(tmp_path, "a.png", palette_file(noise(below=16), bits=4))
    image = read_image_file(tmp_path, "a.png")
    assert (image.channels, image.bit_depth) == (3, 8)


@pytest.mark.parametrize("channels", [None, 3, 4])
def test_raw_png_samples_equal_pillows(channels):
    pixels = noise(channels=channels)
    data = file_of(pixels)
    np.testing.assert_array_equal(decode_image(data, probe(data)), pixels)


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_alpha_channel_stays_beside_the_others(channels, dtype):
    pixels = noise(channels=channels, below=np.iinfo(dtype).max, dtype=dtype)
    _, encoded = cv2.imencode(".png", pixels) if channels == 4 else (True, grey_and_alpha(pixels))
    data = bytes(encoded)
    expected = pixels[..., [2, 1, 0, 3]] if channels == 4 else pixels
    np.testing.assert_array_equal(decode_image(data, probe(data)), expected)


def grey_and_alpha(pixels):
    """A PNG written by hand: rows without a filter."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.astype(pixels.dtype.newbyteorder(">")).tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.itemsize, 4, 0, 0, 0)
    return png_file([(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")])


@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
def test_a_colour_that_is_said_to_be_transparent_is_a_colour_like_any_other(mode):
    image = PIL.Image.fromarray(noise(channels=3)).convert(mode)
    plain = file_of(image)
    data = file_of(image, transparency=bytes(256) if mode == "P" else image.getpixel((0, 0)))
    assert b"tRNS" in data
    decoded = decode_image(data, probe(data))
    np.testing.assert_array_equal(decoded, decode_image(plain, probe(plain)))
    assert (1 if decoded.ndim == 2 else decoded.shape[2]) == probe(data).channels


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_a_png_says_of_its_orientation_background_and_gamma_changes_no_sample(dtype):
    pixels = noise(channels=3, below=np.iinfo(dtype).max + 1, dtype=dtype)
    header, *rest = png_chunks(encode_png(pixels))
    said = [
        (b"gAMA", struct.pack(">I", 45455)),
        (b"bKGD", struct.pack(">HHH", 7, 8, 9)),
        (b"tRNS", struct.pack(">HHH", *pixels[0, 0].tolist())),
        (b"eXIf", b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHHI", 0x0112, 3, 1, 6, 0, 0)),
    ]
    data = png_file([header, *said, *rest])
    np.testing.assert_array_equal(decode_image(data, probe(data)), pixels)


def test_colours_under_zero_alpha_survive():
    pixels = noise(channels=4)
    pixels[..., 3] = 0
    data = file_of(pixels)
    np.testing.assert_array_equal(decode_image(data, probe(data)), pixels)


def test_16_bits_are_not_scaled():
    pixels = noise(below=65536, dtype=np.uint16)
    data = file_of(pixels)
    decoded = decode_image(data, probe(data))
    assert decoded.dtype == np.uint16
    np.testing.assert_array_equal(decoded, pixels)


def test_jpeg_colours_are_in_rgb_order_and_the_orientation_tag_turns_nothing():
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    red = np.zeros((8, 16, 3), np.uint8)
    red[..., 0] = 250
    data = file_of(red, "jpeg", quality=95, exif=exif)
    decoded = decode_image(data, probe(data))
    assert decoded.shape == (8, 16, 3)
    assert np.abs(decoded.astype(int) - pixels_of(data)).max() <= 3
    assert decoded[..., 0].min() > 240
    assert decoded[..., 2].max() < 10


@settings(max_examples=40, deadline=None)
@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.uint16]),
        st.tuples(st.integers(1, 20), st.integers(1, 20), st.sampled_from([None, 3, 4])).map(
            lambda shape: shape[:2] if shape[2] is None else shape
        ),
        elements=st.integers(0, 255),
    )
)
def test_encoding_loses_nothing_and_depends_on_the_pixels_alone(pixels):
    data = encode_png(pixels)
    np.testing.assert_array_equal(decode_image(data, probe(data)), pixels)
    assert encode_png(pixels.copy(order="F")) == data


def test_pillow_reads_what_is_encoded():
    for channels in (None, 3, 4):
        pixels = noise(channels=channels)
        np.testing.assert_array_equal(pixels_of(encode_png(pixels)), pixels)


def test_damaged_pixel_data_is_only_found_by_the_full_check(tmp_path):
    chunks = [
        (name, body[: len(body) // 2] if name == b"IDAT" else body) for name, body in png_chunks(file_of(noise(64, 64)))
    ]
    put(tmp_path, "half.png", png_file(chunks))
    read_image_file(tmp_path, "half.png", check="probe")
    with pytest.raises(InputFileError, match=r"half\.png: the pixels cannot be decoded; unpack or download"):
        read_image_file(tmp_path, "half.png", check="full")
