"""Damaged, mislabelled and malicious images cost one line, never a wrong pixel or the memory."""

import resource
import struct
import zlib

import numpy as np
import PIL.Image
import pytest

from rgbtbench.formats.image_file import read_image_file
from rgbtbench.formats.image_header import MAX_PIXELS, png_chunks, png_file
from rgbtbench.formats.index_mask import read_index_mask
from tests.formats.files import file_of, noise, palette_file, put
from tests.hostile.mendable import refused
from tests.hostile.trees import LLVIP, MFNET, first_pair, llvip_tree, mfnet_tree

CUTS = [0.02, 0.1, 0.3, 0.5, 0.8, 0.95, 0.999]


@pytest.mark.parametrize("share", CUTS)
@pytest.mark.parametrize("camera", ["visible", "infrared"])
def test_a_truncated_jpeg_is_refused_wherever_it_ends(tmp_path, camera, share):
    name = f"{camera}/test/190001.jpg"
    path = llvip_tree(tmp_path) / name
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with refused(name, "JPEG"):
        first_pair(LLVIP, tmp_path)


@pytest.mark.parametrize("share", CUTS)
@pytest.mark.parametrize("folder", ["images", "labels"])
def test_a_truncated_png_is_refused_wherever_it_ends(tmp_path, folder, share):
    name = f"{folder}/00001D.png"
    path = mfnet_tree(tmp_path) / name
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with refused(name):
        first_pair(MFNET, tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 4096, b"<html>404 Not Found</html>", b"\xff\xd8\xff\xd9", b"\x89PNG\r\n\x1a\n"]
)
def test_what_a_broken_download_leaves_is_refused(tmp_path, content):
    put(llvip_tree(tmp_path), "visible/test/190001.jpg", content)
    with refused("visible/test/190001.jpg"):
        first_pair(LLVIP, tmp_path)


def png_claiming(width, height, *, colour_type=0, rows=b"\0"):
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    return png_file([(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")])


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (MAX_PIXELS + 1, 1)])
def test_a_header_of_absurd_size_is_refused_before_anything_is_allocated(tmp_path, size):
    put(mfnet_tree(tmp_path), "labels/00001D.png", png_claiming(*size))
    with refused("labels/00001D.png", "states a size of", f"at most {MAX_PIXELS} pixels"):
        first_pair(MFNET, tmp_path)


def test_a_jpeg_of_absurd_size_is_refused(tmp_path):
    data = bytearray(file_of(noise(16, 16), "jpeg"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    put(llvip_tree(tmp_path), "visible/test/190001.jpg", bytes(data))
    with refused("visible/test/190001.jpg", "65535x65535"):
        first_pair(LLVIP, tmp_path)


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_an_image_without_pixels_is_refused(tmp_path, size):
    put(mfnet_tree(tmp_path), "labels/00001D.png", png_claiming(*size))
    with refused("labels/00001D.png"):
        first_pair(MFNET, tmp_path)


def test_rows_that_inflate_far_beyond_the_image_do_not_fill_the_memory(tmp_path):
    squeeze = zlib.compressobj(9)
    bomb = b"".join(squeeze.compress(bytes(1_000_000)) for _ in range(300)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    put(mfnet_tree(tmp_path), "labels/00001D.png", png_file([(b"IHDR", header), (b"IDAT", bomb), (b"IEND", b"")]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    mask = read_index_mask(tmp_path, "labels/00001D.png", kind="semantic", frame="both")
    assert (mask.width, mask.height, mask.values) == (8, 8, (0,))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB


def test_rows_that_end_too_early_are_refused(tmp_path):
    put(mfnet_tree(tmp_path), "labels/00001D.png", png_claiming(32, 24, rows=b"\0" * 100))
    with refused("labels/00001D.png", "the pixels cannot be decoded"):
        first_pair(MFNET, tmp_path)


def test_a_png_named_jpg_and_a_jpeg_named_png_are_refused(tmp_path):
    put(llvip_tree(tmp_path), "visible/test/190001.jpg", file_of(noise(48, 64, 3)))
    with refused("visible/test/190001.jpg", "the content is PNG", "rename"):
        first_pair(LLVIP, tmp_path)
    put(mfnet_tree(tmp_path), "labels/00001D.png", file_of(noise(24, 32), "jpeg"))
    with refused("labels/00001D.png", "the content is JPG", "rename"):
        first_pair(MFNET, tmp_path)


def test_a_cmyk_jpeg_is_refused(tmp_path):
    put(llvip_tree(tmp_path), "visible/test/190001.jpg", file_of(PIL.Image.new("CMYK", (64, 48)), "jpeg"))
    with refused("visible/test/190001.jpg", "4 components (CMYK)", "convert it to RGB"):
        first_pair(LLVIP, tmp_path)


@pytest.mark.parametrize("marker", [0xC3, 0xC9])
def test_a_jpeg_of_a_coding_that_no_camera_writes_is_refused(tmp_path, marker):
    data = file_of(noise(48, 64, 3), "jpeg").replace(b"\xff\xc0", bytes([0xFF, marker]), 1)
    put(llvip_tree(tmp_path), "visible/test/190001.jpg", data)
    with refused("visible/test/190001.jpg", "unusual coding"):
        first_pair(LLVIP, tmp_path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (file_of(noise(24, 32, below=9, dtype=np.uint16)), "16 bits per pixel"),
        (file_of(noise(24, 32, 3)), "a mask in colours"),
        (file_of(noise(24, 32, below=200)), "which the card mfnet does not name"),
        (palette_file(noise(24, 32, below=64)), "which the card mfnet does not name"),
    ],
    ids=["16 bits", "rendered colours", "unknown ids", "unknown palette indices"],
)
def test_a_mask_that_holds_no_ids_of_the_card_is_refused(tmp_path, data, said):
    put(mfnet_tree(tmp_path), "labels/00001D.png", data)
    with refused("labels/00001D.png", said):
        first_pair(MFNET, tmp_path)


def test_every_flipped_bit_of_a_png_is_noticed(tmp_path):
    original = file_of(noise(6, 6, 3))
    signature_and_chunks = sum(len(body) + 12 for _, body in png_chunks(original)) + 8
    assert signature_and_chunks == len(original)
    for position in range(len(original)):
        data = bytearray(original)
        data[position] ^= 1 << (position % 8)
        put(tmp_path, "a.png", bytes(data))
        with refused("a.png"):
            read_image_file(tmp_path, "a.png")


def test_random_bytes_after_a_jpeg_start_never_crash_the_reader(tmp_path):
    random = np.random.default_rng(0)
    for length in range(4, 400, 3):
        put(tmp_path, "a.jpg", b"\xff\xd8\xff" + random.integers(0, 256, length).astype(np.uint8).tobytes())
        with refused("a.jpg"):
            read_image_file(tmp_path, "a.jpg")
