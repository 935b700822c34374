"""Damage to the bytes of one file: what disks, downloads, converters and attackers do to images and arrays."""

import contextlib
import io
import struct
import zlib

import numpy as np
import PIL.Image

from rgbtbench.errors import UserError
from rgbtbench.formats.image_header import png_chunks, png_file
from tests.formats.files import file_of

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_LARGE = 10_000_000  # pixels
#: What a field of a header may be set to, whatever it means.
ODD_NUMBERS = (0, 1, 2, 3, 4, 7, 16, 255, 256, 10_001, 65_535, 70_000, 2**31 - 1, 2**31, 2**32 - 1)


def flip_bits(data, random):
    changed = bytearray(data)
    for _ in range(random.integers(1, 9)):
        changed[random.integers(len(changed))] ^= 1 << random.integers(8)
    return bytes(changed)


def truncate(data, random):
    return data[: int(len(data) * random.uniform(0, 1) ** 2)]


def cut_the_end(data, random):
    return data[: -random.integers(1, min(16, len(data)) + 1)]


def extend(data, random):
    more = (bytes(4096), random.bytes(777), data, b"\r\n", b"<!-- -->")
    return data + more[random.integers(len(more))]


def zero_a_run(data, random):
    start = random.integers(len(data))
    return data[:start] + bytes(len(data[start : start + 512])) + data[start + 512 :]


def overwrite_a_run(data, random):
    start = random.integers(len(data))
    return data[:start] + random.bytes(len(data[start : start + 64])) + data[start + 64 :]


def remove_a_run(data, random):
    start = random.integers(len(data))
    return data[:start] + data[start + random.integers(1, 200) :]


def empty(data, random):
    return b""


def replace(data, random):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 4096\n"
    others = (b"<html>404 Not Found</html>", pointer, bytes(2048), random.bytes(999), b"\n", b"PK\x03\x04", b"\x1f\x8b")
    return others[random.integers(len(others))]


def set_a_header_field(data, random):
    """Set one number of the header to another; PNG checksums are made right again."""
    if data.startswith(PNG):
        return _png_field(data, random)
    if data.startswith(JPEG):
        return _jpeg_field(data, random)
    width = (1, 2, 4)[random.integers(3)]
    at = int(random.integers(max(1, min(len(data), 256) - width)))
    number = _odd(random) % 256**width
    return data[:at] + number.to_bytes(width, ("little", "big")[random.integers(2)]) + data[at + width :]


def rearrange_chunks(data, random):
    """Drop, double, swap or stretch parts of a PNG, or make its rows too few or far too many, with right checksums."""
    if not data.startswith(PNG):
        return remove_a_run(data, random)
    try:
        chunks = list(png_chunks(data))
    except UserError:
        return data[::-1]
    at, other = (int(random.integers(len(chunks))) for _ in range(2))
    what = random.integers(6)
    if what == 0:
        del chunks[at]
    elif what == 1:
        chunks.insert(other, chunks[at])
    elif what == 2:
        chunks[at], chunks[other] = chunks[other], chunks[at]
    elif what == 3:
        chunks.insert(1, (b"zTXt", b"note\0\0" + zlib.compress(bytes(5_000_000))))
    else:
        rows = bytes(1000)
        with contextlib.suppress(zlib.error):  # damaged before
            rows = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
        rows = rows[: len(rows) // 2] if what == 4 else rows + bytes(20_000_000)
        kept = [(name, body) for name, body in chunks if name != b"IDAT"] or [(b"IEND", b"")]
        chunks = [*kept[:-1], (b"IDAT", zlib.compress(rows, 1)), kept[-1]]
    return png_file(chunks)


def encode_otherwise(data, random):
    """Save the picture in another mode, size or format, under the old name."""
    picture = PIL.Image.fromarray(np.zeros((24, 32, 3), np.uint8))
    # Whatever is wrong with an image that was damaged before, another one will do.
    with contextlib.suppress(Exception), PIL.Image.open(io.BytesIO(data)) as opened:
        if opened.width * opened.height < _LARGE:
            picture = opened.convert("RGB")
    width, height = picture.size
    sixteen = PIL.Image.fromarray(np.asarray(picture.convert("L"), np.uint16) * 257)
    forms = (
        lambda: file_of(picture.convert("L")),
        lambda: file_of(picture.convert("P")),
        lambda: file_of(picture.convert("1")),
        lambda: file_of(picture.convert("RGBA")),
        lambda: file_of(picture.convert("LA")),
        lambda: file_of(sixteen),
        lambda: file_of(picture.convert("CMYK"), "jpeg"),
        lambda: file_of(picture.convert("L"), "jpeg"),
        lambda: file_of(picture, "jpeg", progressive=True),
        lambda: file_of(picture.resize((width * 2, height)), "png"),
        lambda: file_of(picture.resize((1, 1)), "jpeg"),
        lambda: file_of(picture.transpose(PIL.Image.Transpose.ROTATE_90), "jpeg"),
        lambda: file_of(picture, "bmp"),
        lambda: file_of(picture, "tiff"),
        lambda: file_of(picture, "gif"),
        lambda: file_of(picture, "webp"),
        lambda: file_of(picture, "ppm"),
        lambda: file_of(picture, "jpeg2000"),
    )
    return forms[random.integers(len(forms))]()


def _odd(random):
    return int(ODD_NUMBERS[random.integers(len(ODD_NUMBERS))])


def _png_field(data, random):
    try:
        chunks = list(png_chunks(data))
    except UserError:
        return flip_bits(data, random)
    fields = list(struct.unpack(">IIBBBBB", chunks[0][1][:13].ljust(13, b"\0")))
    field = random.integers(len(fields))
    fields[field] = _odd(random) % (2**32 if field < 2 else 256)
    return png_file([(b"IHDR", struct.pack(">IIBBBBB", *fields)), *chunks[1:]])


def _jpeg_field(data, random):
    """Set precision, height, width, number of components, a sampling factor or a length of a segment."""
    places = [
        at for at in range(len(data) - 20) if data[at] == 0xFF and data[at + 1] in (0xC0, 0xC1, 0xC2, 0xC4, 0xDA, 0xDB)
    ]
    if not places:
        return flip_bits(data, random)
    at = places[random.integers(len(places))]
    place, width = ((2, 2), (4, 1), (5, 2), (7, 2), (9, 1), (10, 1), (11, 1), (12, 1))[random.integers(8)]
    number = (_odd(random) % 256**width).to_bytes(width, "big")
    return data[: at + place] + number + data[at + place + width :]


#: Name to `damage(data, random) -> data`; `data` is never empty.
DAMAGES = {
    function.__name__: function
    for function in (
        flip_bits,
        truncate,
        cut_the_end,
        extend,
        zero_a_run,
        overwrite_a_run,
        remove_a_run,
        empty,
        replace,
        set_a_header_field,
        rearrange_chunks,
        encode_otherwise,
    )
}
