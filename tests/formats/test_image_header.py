"""Headers agree with Pillow's; a file that is not whole is never taken for one."""

import numpy as np
import PIL.Image
import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.image_header import probe, read_header
from tests.formats.files import file_of, noise, palette_file

FILES = {
    "grey jpeg": (file_of(noise(), "jpeg"), ("jpg", 17, 13, 1, 8)),
    "colour jpeg": (file_of(noise(channels=3), "jpeg"), ("jpg", 17, 13, 3, 8)),
    "progressive jpeg": (file_of(noise(64, 64, 3), "jpeg", progressive=True), ("jpg", 64, 64, 3, 8)),
    "jpeg with restart markers": (file_of(noise(64, 64, 3), "jpeg", restart_marker_blocks=2), ("jpg", 64, 64, 3, 8)),
    "cmyk jpeg": (file_of(PIL.Image.new("CMYK", (5, 4)), "jpeg"), ("jpg", 5, 4, 4, 8)),
    "grey png": (file_of(noise()), ("png", 17, 13, 1, 8)),
    "colour png": (file_of(noise(channels=3)), ("png", 17, 13, 3, 8)),
    "rgba png": (file_of(noise(channels=4)), ("png", 17, 13, 4, 8)),
    "16-bit png": (file_of(noise(below=65536, dtype=np.uint16)), ("png", 17, 13, 1, 16)),
    "1-bit png": (file_of(PIL.Image.new("1", (9, 3))), ("png", 9, 3, 1, 1)),
    "palette png": (palette_file(noise(below=4), bits=2), ("png", 17, 13, 3, 2)),
}


@pytest.mark.parametrize("name", FILES)
def test_size_channels_and_depth_are_those_that_the_file_was_written_with(name):
    data, expected = FILES[name]
    header = probe(data)
    assert (header.format, header.width, header.height, header.channels, header.bit_depth) == expected
    assert header.palette == (name == "palette png")
    assert header.progressive == (name == "progressive jpeg")


@pytest.mark.parametrize("name", FILES)
def test_no_truncation_goes_unnoticed(name):
    data, _ = FILES[name]
    for length in [*range(1, 60), *range(60, len(data) - 1, max(1, len(data) // 60)), len(data) - 2, len(data) - 1]:
        with pytest.raises(InputFileError):
            probe(data[:length])


@pytest.mark.parametrize("name", FILES)
def test_a_header_alone_says_the_same_and_does_not_mind_what_is_missing_behind_it(name):
    data, _ = FILES[name]
    assert read_header(data) == read_header(data[:-12]) == probe(data)


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\xff\xd8\xff", FILES["grey png"][0][:20], FILES["grey jpeg"][0][:40]]
)
def test_a_header_that_is_not_whole_is_refused(data):
    with pytest.raises(InputFileError):
        read_header(data)


def test_a_thumbnail_inside_a_truncated_jpeg_is_not_taken_for_its_end():
    exif = PIL.Image.Exif()
    whole = file_of(
        PIL.Image.fromarray(noise(64, 64, 3)), "jpeg", exif=exif.tobytes() + file_of(noise(8, 8, 3), "jpeg")
    )
    assert whole.count(b"\xff\xd9") == 2
    probe(whole)
    with pytest.raises(InputFileError, match="end marker is missing"):
        probe(whole[:-40])


def test_bytes_after_the_end_of_a_jpeg_are_harmless():
    assert probe(FILES["colour jpeg"][0] + b"\0" * 100) == probe(FILES["colour jpeg"][0])


@pytest.mark.parametrize("position", [20, 50, 120, -20])
def test_one_changed_byte_in_a_png_breaks_its_checksum(position):
    data = bytearray(FILES["colour png"][0])
    data[position] ^= 1
    with pytest.raises(InputFileError):
        probe(bytes(data))
