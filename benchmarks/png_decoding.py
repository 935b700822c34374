"""Decoding PNG files on one core against OpenCV, in processor time: files as encoders of the field write them."""

import io
import time

import cv2
import numpy as np
import PIL.Image

from benchmarks.loading import textured
from benchmarks.ratio import Ratio, compare
from rgbtbench.formats.image_file import decode_image, encode_png
from rgbtbench.formats.image_header import read_header

FILES = 8


def run() -> list[Ratio]:
    kinds = [
        ("grey", 1, np.uint8, encode_png),
        ("grey", 1, np.uint8, pillow),
        ("grey 16-bit", 1, np.uint16, encode_png),
        ("colour", 3, np.uint8, encode_png),
        ("colour", 3, np.uint8, pillow),
        ("four-channel", 4, np.uint8, encode_png),
    ]
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return [
            ratio(
                f"{FILES} {name} files of 640x480 by {encoder.__name__}",
                [encoder(scene(seed, channels, dtype)) for seed in range(FILES)],
            )
            for name, channels, dtype, encoder in kinds
        ]
    finally:
        cv2.setNumThreads(threads)


def ratio(name: str, files: list[bytes]) -> Ratio:
    for data in files:
        if not np.array_equal(ours(data), opencv(data)):
            raise RuntimeError("the two decoders give other samples")
    return compare(
        name,
        lambda: [ours(data) for data in files],
        lambda: [opencv(data) for data in files],
        reference_name="OpenCV",
        goal=1.3,
        clock=time.process_time,
    )


def scene(seed: int, channels: int, dtype: type) -> np.ndarray:
    pixels = np.concatenate([textured(seed, 3), textured(seed, 1)], axis=2)[..., :channels].astype(dtype)
    if dtype is np.uint16:
        pixels *= 64  # 14 bits, as bolometers give
    return pixels[..., 0] if channels == 1 else pixels


def pillow(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    PIL.Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def ours(data: bytes) -> np.ndarray:
    return decode_image(data, read_header(data))


def opencv(data: bytes) -> np.ndarray:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels.ndim == 2:
        return pixels
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)
