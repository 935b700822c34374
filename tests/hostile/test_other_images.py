"""Images of the rarer kinds: BMP, TIFF and PNM, colours as labels, ground truth as JPEG."""

import io
import struct

import numpy as np
import PIL.Image
import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.colour_mask import read_channel_mask, read_colour_mask
from rgbtbench.formats.foreign_image import read_any_image
from rgbtbench.formats.image_header import MAX_PIXELS
from rgbtbench.formats.saliency_mask import read_saliency_mask
from tests.formats.files import file_of, noise, palette_file, put
from tests.hostile import mutate_bytes
from tests.hostile.confined import confined
from tests.hostile.mendable import refused

CUTS = [0.001, 0.01, 0.05, 0.2, 0.4, 0.6, 0.8, 0.9, 0.97, 0.999]
GREY, COLOUR = noise(24, 32), noise(24, 32, 3)
DEEP = noise(24, 32, below=65_536, dtype=np.uint16)
FILES = {
    "colour.bmp": file_of(COLOUR, "bmp"),
    "grey.bmp": file_of(GREY, "bmp"),
    "bits.bmp": file_of(PIL.Image.fromarray(GREY > 99), "bmp"),
    "colour.tif": file_of(COLOUR, "tiff"),
    "deep.tif": file_of(DEEP, "tiff"),
    "packed.tif": file_of(COLOUR, "tiff", compression="tiff_lzw"),
    "deflated.tiff": file_of(COLOUR, "tiff", compression="tiff_adobe_deflate"),
    "grey.pgm": file_of(GREY, "ppm"),
    "colour.ppm": file_of(COLOUR, "ppm"),
}


def within_bounds(folder):
    return confined(writable=folder / "none", secret=folder / "none", seconds=20, megabytes=768)


@pytest.mark.parametrize("share", CUTS)
@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path, name, share):
    put(tmp_path, name, FILES[name][: int(len(FILES[name]) * share)])
    with refused(name, kind=InputFileError):
        read_any_image(tmp_path, name)


def test_a_damaged_file_is_reported_once_and_not_by_the_decoder_as_well(tmp_path, capfd):
    data = FILES["deflated.tiff"]
    put(tmp_path, "a.tif", data[:200] + b"\x55" * 300 + data[500:])
    with refused("a.tif", kind=InputFileError):
        read_any_image(tmp_path, "a.tif")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("other", [file_of(GREY), file_of(GREY, "jpeg"), file_of(GREY, "gif"), b"<html>", bytes(999)])
def test_another_content_under_the_name_is_refused(tmp_path, name, other):
    put(tmp_path, name, other)
    with refused(name, kind=InputFileError):
        read_any_image(tmp_path, name)


def tiff(**tags):
    """A TIFF of one directory and 64 bytes, whose tags are as given."""
    fields = {256: 8, 257: 8, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 8, 279: 64}
    fields |= {int(tag.removeprefix("t")): value for tag, value in tags.items()}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(fields.items()))
    return b"II*\0" + struct.pack("<I", 72) + bytes(64) + struct.pack("<H", len(fields)) + entries + bytes(4)


def bmp(width, height, *, bits=24, compression=0, size=40):
    return b"BM" + struct.pack("<IHHIIiiHHI", 200, 0, 0, 54, size, width, height, 1, bits, compression) + bytes(160)


LIES = {
    "a TIFF 60,000 wide and high": ("a.tif", tiff(t256=60_000, t257=60_000)),
    "a TIFF of 200 megapixels": ("a.tif", tiff(t256=20_000, t257=10_000)),
    "a TIFF without pixels": ("a.tif", tiff(t256=0)),
    "a TIFF of a billion channels": ("a.tif", tiff(t277=2**30)),
    "a TIFF of sixty thousand bits": ("a.tif", tiff(t258=60_000)),
    "a TIFF whose strip lies elsewhere": ("a.tif", tiff(t273=2**31)),
    "a TIFF whose strip has no end": ("a.tif", tiff(t279=2**32 - 1)),
    "a TIFF of huge tiles": ("a.tif", tiff(t322=2**30, t323=2**30, t324=8, t325=64)),
    "a TIFF of an unknown packing": ("a.tif", tiff(t259=50_000)),
    "a TIFF that leads to itself": ("a.tif", b"II*\0" + struct.pack("<I", 4) + bytes(64)),
    "a TIFF that leads nowhere": ("a.tif", b"II*\0" + struct.pack("<I", 2**32 - 1) + bytes(64)),
    "a TIFF of sixty thousand tags": ("a.tif", b"MM\0*" + struct.pack(">IH", 8, 65_535) + bytes(64)),
    "a BMP 2,147,483,647 wide": ("a.bmp", bmp(2**31 - 1, 1)),
    "a BMP of negative width": ("a.bmp", bmp(-8, 8)),
    "a BMP that cannot be turned": ("a.bmp", bmp(8, -(2**31))),
    "a BMP of 200 megapixels in few bytes": ("a.bmp", bmp(20_000, 10_000, bits=8, compression=1)),
    "a BMP of an unknown packing": ("a.bmp", bmp(8, 8, compression=77)),
    "a BMP without a header": ("a.bmp", b"BM" + bytes(20)),
    "a PGM of 200 megapixels": ("a.pgm", b"P5 20000 10000 255\n"),
    "a PGM of fourteen digits": ("a.pgm", b"P5 99999999999999 1 255\n"),
    "a PGM of no levels": ("a.pgm", b"P5 8 8 0\n" + bytes(64)),
    "a PGM of too many levels": ("a.pgm", b"P5 8 8 99999\n" + bytes(128)),
    "a PGM of comments": ("a.pgm", b"P5 " + b"#\n" * 500_000),
    "a PGM of text": ("a.pgm", b"P2 2 2 255\n1 2 3 4\n"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_header_that_lies_is_refused_before_memory_is_taken(tmp_path, lie):
    name, content = LIES[lie]
    put(tmp_path, name, content)
    with within_bounds(tmp_path), refused(name, kind=InputFileError):
        read_any_image(tmp_path, name)


@pytest.mark.parametrize("name", FILES)
def test_damage_by_seed_ends_in_an_image_or_in_one_error(tmp_path, name):
    outcomes = set()
    for number in range(60):
        random = np.random.default_rng([13, number])
        damage = (mutate_bytes.set_a_header_field, mutate_bytes.flip_bits, mutate_bytes.overwrite_a_run)[number % 3]
        put(tmp_path, name, damage(FILES[name], random))
        with within_bounds(tmp_path):
            try:
                image = read_any_image(tmp_path, name)
            except InputFileError as error:
                outcomes.add(f"named: {name in str(error)}")
            else:
                outcomes.add(f"possible: {0 < image.width * image.height <= MAX_PIXELS}")
    assert outcomes <= {"named: True", "possible: True"}


PALETTE = {(0, 0, 0): 0, (255, 0, 0): 1, (0, 255, 0): 2}
COLOURS = np.array(list(PALETTE), np.uint8)[noise(24, 32, below=3)]
NO_COLOUR_MASKS = {
    "grey": file_of(GREY),
    "16 bits": file_of(DEEP),
    "a palette of other colours": palette_file(noise(24, 32, below=64)),
    "JPEG": file_of(COLOURS, "jpeg"),
    "one pixel of another colour": file_of(np.where(np.arange(768).reshape(24, 32, 1) == 5, np.uint8(9), COLOURS)),
    "truncated": file_of(COLOURS)[:-20],
    "CMYK": file_of(PIL.Image.new("CMYK", (32, 24)), "jpeg"),
    "grey and alpha": file_of(PIL.Image.new("LA", (32, 24))),
}


@pytest.mark.parametrize("name", NO_COLOUR_MASKS)
def test_colours_that_are_no_classes_are_never_rounded_to_the_next(tmp_path, name):
    put(tmp_path, "a.png", NO_COLOUR_MASKS[name])
    with refused("a.png"):
        read_colour_mask(tmp_path, "a.png", palette=PALETTE, frame="both")


@pytest.mark.parametrize("name", ["grey", "16 bits", "JPEG", "truncated", "CMYK", "grey and alpha"])
def test_a_channel_is_taken_from_colours_alone(tmp_path, name):
    put(tmp_path, "a.png", NO_COLOUR_MASKS[name])
    with refused("a.png"):
        read_channel_mask(tmp_path, "a.png", channel=0, frame="both")


@pytest.mark.parametrize("share", CUTS)
@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_truncated_ground_truth_is_refused_wherever_it_ends(tmp_path, kind, share):
    whole = file_of(np.where(GREY > 99, np.uint8(255), np.uint8(0)), kind)
    put(tmp_path, "a.jpg", whole[: int(len(whole) * share)])
    with refused("a.jpg"):
        read_saliency_mask(tmp_path, "a.jpg", frame="both")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (file_of(PIL.Image.new("CMYK", (32, 24)), "jpeg"), "CMYK"),
        (file_of(COLOUR), "in colours"),
        (file_of(DEEP), "16 bits"),
        (file_of(GREY, "bmp"), "neither JPEG nor PNG"),
        (file_of(GREY, "gif"), "neither JPEG nor PNG"),
    ],
    ids=["CMYK", "colours", "16 bits", "BMP", "GIF"],
)
def test_ground_truth_of_another_kind_is_refused(tmp_path, content, said):
    put(tmp_path, "a.jpg", content)
    with refused("a.jpg", said):
        read_saliency_mask(tmp_path, "a.jpg", frame="both")


def test_a_jpeg_that_says_how_to_turn_it_stays_as_its_pixels_lie(tmp_path):
    exif = PIL.Image.Exif()
    exif[274] = 6  # turned by 90 degrees, says the camera
    stream = io.BytesIO()
    PIL.Image.fromarray(GREY).save(stream, "jpeg", exif=exif)
    put(tmp_path, "a.jpg", stream.getvalue())
    mask = read_saliency_mask(tmp_path, "a.jpg", frame="both")
    assert (mask.width, mask.height) == (32, 24)
