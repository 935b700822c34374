"""The fast decoder gives the samples that were written, and what is unusual or damaged it leaves to the other one."""

import struct
import zlib
from unittest.mock import patch

import cv2
import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rgbtbench.formats import png_pixels as module
from rgbtbench.formats.image_header import png_chunks, png_file, read_header
from rgbtbench.formats.png_pixels import png_pixels
from tests.formats.files import file_of, noise, palette_file

COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
SMOOTH = (noise(24, 20, 3, below=4).cumsum(0).cumsum(1) % 256).astype(np.uint8)


def decoded(data):
    return png_pixels(data, read_header(data))


def unfiltered_file(pixels, *, interlaced=False):
    """A PNG written by hand: (H, W, C), rows without a filter."""
    height, width, channels = pixels.shape
    rows = b"".join(b"\0" + row.astype(pixels.dtype.newbyteorder(">")).tobytes() for row in pixels)
    colours = COLOUR_TYPES[channels]
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.itemsize, colours, 0, 0, interlaced)
    return png_file([(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")])


def with_rows(data, change):
    """The same file with its filtered rows changed, and all checksums right."""
    return png_file(
        [
            (name, zlib.compress(change(zlib.decompress(body))) if name == b"IDAT" else body)
            for name, body in png_chunks(data)
        ]
    )


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.uint16]),
        st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 4)),
        elements=st.integers(0, 255),
    )
)
def test_samples_are_those_that_were_written(pixels):
    found = decoded(unfiltered_file(pixels))
    assert found.dtype == pixels.dtype
    np.testing.assert_array_equal(found, pixels[..., 0] if pixels.shape[2] == 1 else pixels)


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize("channels", [None, 3, 4])
def test_each_filter_is_undone(kind, channels):
    pixels = SMOOTH[..., 0] if channels is None else np.dstack([SMOOTH, SMOOTH[..., :1]])[..., :channels]
    filters = [cv2.IMWRITE_PNG_FILTER_NONE, cv2.IMWRITE_PNG_FILTER_SUB, cv2.IMWRITE_PNG_FILTER_UP]
    filters += [cv2.IMWRITE_PNG_FILTER_AVG, cv2.IMWRITE_PNG_FILTER_PAETH]
    data = bytes(cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_FILTER, filters[kind]])[1])
    rows = zlib.decompress(b"".join(body for name, body in png_chunks(data) if name == b"IDAT"))
    assert kind in set(rows[:: len(rows) // len(pixels)])
    blue_first = slice(None) if channels is None else [2, 1, 0, 3][:channels]
    np.testing.assert_array_equal(decoded(data), pixels[..., blue_first] if channels else pixels)


def test_rows_longer_than_one_stored_block():
    pixels = noise(70, 1000, 3)
    np.testing.assert_array_equal(decoded(file_of(pixels)), pixels)
    exactly_one_block = noise(255, 256)
    np.testing.assert_array_equal(decoded(file_of(exactly_one_block)), exactly_one_block)


def test_data_in_many_chunks_and_words_beside_it_change_nothing():
    (head, body), (name, data), end = png_chunks(file_of(SMOOTH))
    pieces = [(name, data[start : start + 7]) for start in range(0, len(data), 7)]
    said = [(b"gAMA", struct.pack(">I", 45455)), (b"tRNS", struct.pack(">HHH", *SMOOTH[0, 0].tolist()))]
    whole = png_file([(head, body), *said, *pieces, (b"tEXt", b"Comment\0no"), end])
    np.testing.assert_array_equal(decoded(whole), SMOOTH)


HEAD, DATA, END = png_chunks(file_of(SMOOTH))
UNUSUAL = {
    "palette": palette_file(noise()),
    "few bits": file_of(PIL.Image.fromarray(noise(below=2).astype(bool))),
    "interlaced": unfiltered_file(SMOOTH, interlaced=True),
    "suggested palette": png_file([HEAD, (b"PLTE", bytes(6)), DATA, END]),
    "two headers": png_file([HEAD, HEAD, DATA, END]),
    "data in two places": png_file([HEAD, (DATA[0], DATA[1][:9]), (b"tEXt", b"a\0b"), (DATA[0], DATA[1][9:]), END]),
    "unknown chunk that matters": png_file([HEAD, (b"ABCD", b""), DATA, END]),
    "too many rows": with_rows(file_of(SMOOTH), lambda rows: rows + rows[:61]),
    "too few rows": with_rows(file_of(SMOOTH), lambda rows: rows[:-61]),
    "a filter that does not exist": with_rows(file_of(SMOOTH), lambda rows: b"\x07" + rows[1:]),
    "cut off": png_file([HEAD, (DATA[0], DATA[1][:-20]), END]),
    "wrong sum of the data": png_file([HEAD, (DATA[0], DATA[1][:-1] + bytes([DATA[1][-1] ^ 1])), END]),
    "wrong sum of a chunk": file_of(SMOOTH)[:-20] + b"\1" + file_of(SMOOTH)[-19:],
    "no end": file_of(SMOOTH)[:-12],
}


@pytest.mark.parametrize("data", UNUSUAL.values(), ids=UNUSUAL)
def test_the_unusual_and_the_damaged_are_left_to_the_decoder_that_takes_everything(data):
    assert decoded(data) is None


def test_large_files_too():
    data = file_of(SMOOTH)
    with patch.object(module, "MOST_BYTES", SMOOTH.nbytes + len(SMOOTH) - 1):
        assert decoded(data) is None
    with patch.object(module, "MOST_BYTES", SMOOTH.nbytes + len(SMOOTH)):
        np.testing.assert_array_equal(decoded(data), SMOOTH)


def test_what_it_takes_opencv_takes_too_with_the_same_samples():
    rng = np.random.default_rng(0)
    taken = 0
    for _ in range(400):
        data = damaged(rng)
        found = decoded(data)
        if found is not None:
            taken += 1
            np.testing.assert_array_equal(found[..., ::-1], cv2.imdecode(np.frombuffer(data, np.uint8), -1))
    assert 20 < taken < 380


def damaged(rng):
    """The file with changes in its rows, its data or its methods, and all chunks' checksums right."""
    kind = rng.integers(3)
    if kind == 0:
        return with_rows(file_of(SMOOTH), lambda rows: with_byte(rows, rng))
    body = DATA[1]
    changed = with_byte(body, rng) if rng.random() < 0.5 else body[: rng.integers(len(body))]
    header = with_byte(HEAD[1], rng, from_byte=10)
    return png_file([HEAD, (b"IDAT", changed), END] if kind == 1 else [(b"IHDR", header), DATA, END])


def with_byte(data, rng, from_byte=0):
    at = int(rng.integers(from_byte, len(data)))
    return data[:at] + bytes([rng.integers(8)]) + data[at + 1 :]
