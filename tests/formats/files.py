"""Image files made by Pillow, which shares no code with rgbtbench's readers."""

import io
from pathlib import Path

import numpy as np
import PIL.Image


def noise(height=13, width=17, channels=None, *, below=256, dtype=np.uint8, seed=0):
    shape = (height, width) if channels is None else (height, width, channels)
    return np.random.default_rng(seed).integers(0, below, shape).astype(dtype)


def file_of(pixels, kind="png", **options):
    """The bytes of an image file, encoded by Pillow."""
    stream = io.BytesIO()
    image = pixels if isinstance(pixels, PIL.Image.Image) else PIL.Image.fromarray(pixels)
    image.save(stream, kind, **options)
    return stream.getvalue()


def palette_file(indices, *, bits=8):
    """A palette PNG whose colours have nothing to do with its indices."""
    image = PIL.Image.fromarray(indices, "P")
    image.putpalette(np.random.default_rng(7).integers(0, 256, 768).astype(np.uint8).tobytes())
    return file_of(image, bits=bits)


def pixels_of(data):
    return np.asarray(PIL.Image.open(io.BytesIO(data)))


def put(root: Path, relative: str, data: bytes | str) -> Path:
    path = root / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path
