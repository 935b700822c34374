"""Decoding: the samples as stored, for every kind of file that shards may hold."""

import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest
import simplejpeg

from rgbtbench.errors import ShardError
from rgbtbench.formats.image_file import encode_png
from rgbtbench.formats.image_header import png_file
from rgbtbench.loading.decode import decode_mask, decode_pixels

RANDOM = np.random.default_rng(0)
SMOOTH = cv2.resize(RANDOM.integers(0, 256, (4, 5, 3), np.uint8), (80, 64), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 3), (9, 7, 4)])
def test_a_png_comes_back_exactly_in_rgb_order(dtype, shape):
    pixels = RANDOM.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    decoded = decode_pixels(encode_png(pixels), where="a")
    assert decoded.dtype == dtype
    assert np.array_equal(decoded, pixels.reshape(9, 7, -1))


def test_a_colour_jpeg_is_rgb():
    data = simplejpeg.encode_jpeg(SMOOTH, quality=98, colorspace="RGB")
    decoded = decode_pixels(data, where="a")
    assert decoded.shape == (64, 80, 3)
    assert np.abs(decoded.astype(int) - SMOOTH).mean() < 3
    assert np.array_equal(decoded, simplejpeg.decode_jpeg(data))


def test_a_grey_jpeg_has_one_channel():
    data = simplejpeg.encode_jpeg(np.ascontiguousarray(SMOOTH[..., :1]), colorspace="GRAY", quality=98)
    assert decode_pixels(data, where="a").shape == (64, 80, 1)


def test_a_jpeg_that_libjpeg_only_warns_about_is_decoded_nevertheless():
    data = simplejpeg.encode_jpeg(SMOOTH, quality=95)
    end = data.rindex(b"\xff\xd9")
    faulty = data[: end - 8] + b"\xff\xd0\xff\xd0" + data[end - 8 :]  # restart markers that nothing announced
    with pytest.raises(ValueError):  # the premise: simplejpeg refuses it
        simplejpeg.decode_jpeg(faulty, strict=True)
    decoded = decode_pixels(faulty, where="a")
    assert decoded.shape == (64, 80, 3)
    assert np.abs(decoded[:48].astype(int) - SMOOTH[:48]).mean() < 3


@pytest.mark.parametrize("data", [b"", b"GIF89a", encode_png(SMOOTH)[:-20], simplejpeg.encode_jpeg(SMOOTH)[:-900]])
def test_what_is_no_whole_image_names_the_sample_and_the_member(data):
    with pytest.raises(ShardError, match=r"00101D\.rgb\.png: .*rgbtbench verify"):
        decode_pixels(data, where="00101D.rgb.png")


def test_a_mask_keeps_every_id():
    ids = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(decode_mask(memoryview(encode_png(ids)), where="a"), ids)


def test_a_palette_yields_its_indices_and_not_its_colours():
    ids = np.arange(12, dtype=np.uint8).reshape(3, 4)
    rows = b"".join(b"\0" + row.tobytes() for row in ids)
    head = struct.pack(">IIBBBBB", 4, 3, 8, 3, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"PLTE", bytes(range(200, 236))), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    assert np.array_equal(decode_mask(png_file(chunks), where="a"), ids)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (encode_png(np.zeros((4, 4), np.uint16)), "16 bits per pixel"),
        (encode_png(SMOOTH), "in colours"),
        (simplejpeg.encode_jpeg(SMOOTH), "JPEG has lost its values"),
    ],
)
def test_what_is_no_mask_is_refused(data, words):
    with pytest.raises(ShardError, match=rf"00101D\.semantic\.png: .*{words}"):
        decode_mask(data, where="00101D.semantic.png")


def test_decoding_needs_no_torch():
    code = "import sys, rgbtbench.loading.prepared, rgbtbench.loading.sampler; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
