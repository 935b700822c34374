"""The pixels of ordinary PNG files in half the time: libdeflate inflates them, libpng undoes the filters.

Most of what libpng does is inflating by zlib. Here libdeflate does that, into exactly the bytes that the header
promises, and libpng gets them in stored blocks (RFC 1951, 3.2.4), which are only copied. Both come with imagecodecs,
which lets other threads run meanwhile, and whose libpng undoes filters twice as fast as OpenCV's.
"""

from __future__ import annotations

from functools import reduce
from itertools import dropwhile, takewhile
from typing import Any, Final

from rgbtbench.errors import InputFileError
from rgbtbench.formats.image_header import ImageHeader, png_chunks

#: Larger images go to the decoder that takes row by row: here all rows lie in memory three times.
MOST_BYTES: Final = 64 * 2**20

#: Where the header chunk ends, and within it the bytes for compression, filter and interlace methods.
_HEADER_END: Final = 33
_METHODS: Final = slice(26, 29)
_BLOCK: Final = 0xFFFF
#: zlib's header: deflate with the largest window, fastest level (RFC 1950).
_ZLIB: Final = b"\x78\x01"
_END: Final = b"\0\0\0\0IEND\xaeB`\x82"


def png_pixels(data: bytes, header: ImageHeader) -> Any:
    """Decode an intact PNG of 8 or 16 bits without palette or interlacing.

    Args:
        data: the file's content.
        header: what `read_header` said about it.

    Returns:
        uint8 or uint16 (H, W) for one channel, else (H, W, C) in the file's order; null where the file is of another
        kind, large, or in any way unusual, for the decoder that takes everything.
    """
    size = header.height * (1 + header.width * header.channels * header.bit_depth // 8)
    if header.palette or header.bit_depth < 8 or any(data[_METHODS]) or size > MOST_BYTES:
        return None
    import imagecodecs

    try:
        rows = bytes(imagecodecs.deflate_decode(_compressed(data), out=size))
        if len(rows) != size:
            return None
        return imagecodecs.png_decode(_with_stored(data[:_HEADER_END], rows))
    except (InputFileError, imagecodecs.DeflateError, imagecodecs.PngError):
        return None


def _compressed(data: bytes) -> bytes:
    """Return the image data; of a file with other chunks that matter, or data in several places, nothing."""
    chunks = list(png_chunks(data))
    data_first = dropwhile(lambda chunk: chunk[0] != b"IDAT", chunks)
    parts = [body for _, body in takewhile(lambda chunk: chunk[0] == b"IDAT", data_first)]
    critical = [name for name, _ in chunks if name[:1].isupper()]
    return b"".join(parts) if critical == [b"IHDR", *[b"IDAT"] * len(parts), b"IEND"] else b""


def _with_stored(head: bytes, rows: bytes) -> bytes:
    """Return the PNG file of this signature and header that holds rows uncompressed."""
    from imagecodecs import deflate_adler32, deflate_crc32

    parts = [_ZLIB]
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        is_last, length = start + _BLOCK >= len(rows), len(block)
        parts += [bytes([is_last]) + length.to_bytes(2, "little") + (length ^ _BLOCK).to_bytes(2, "little"), block]
    parts.append(deflate_adler32(rows).to_bytes(4, "big"))
    checksum = reduce(lambda sum_before, part: deflate_crc32(part, sum_before), [b"IDAT", *parts], 0)
    length = sum(map(len, parts))
    return b"".join([head, length.to_bytes(4, "big"), b"IDAT", *parts, checksum.to_bytes(4, "big"), _END])
