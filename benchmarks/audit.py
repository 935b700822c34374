"""The audit on one core: pairs per second for everything that it does by default, and the search for near-duplicates.

Time is that of the processor, so that a machine on which others work gives nearly the same figure.
"""

import statistics
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.loading import CARD, HEIGHT, PAIRS, WIDTH, Photographs
from benchmarks.ratio import Ratio, compare, of_pairs
from rgbtbench.audit.audit import audit
from rgbtbench.audit.image_hash import NEAR_BITS, bits_apart
from rgbtbench.audit.near import near_pairs
from rgbtbench.datasets.source import Layout
from rgbtbench.formats.image_file import decode_image, encode_png, probe
from rgbtbench.pair import Entry, Image, Pair
from rgbtbench.shards.build import prepare

PAIRS_PER_SECOND, TURNS = 60, 5
SIGNATURES, FEW = 20_000, 100


class Losslessly(Photographs):
    """The same pairs as PNG, as MFNet and its like have them."""

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        pair = super().pair(root, layout, entry)
        return Pair(
            pair.dataset,
            entry,
            {name: as_png(image) for name, image in pair.images.items()},
            pair.labels,
            pair.attributes,
        )


def as_png(image: Image) -> Image:
    data = encode_png(decode_image(image.data, probe(image.data)))
    return Image(data, "png", image.width, image.height, image.channels, 8, image.source)


def run() -> list[Ratio]:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        # Two thirds of the time for PNG is its decoding, which no audit can do without.
        return [speed(Photographs(), "JPEG", goal=1.0), speed(Losslessly(), "PNG", goal=1.0), near()]
    finally:
        cv2.setNumThreads(threads)


def speed(source: Photographs, form: str, *, goal: float | None) -> Ratio:
    with tempfile.TemporaryDirectory() as folder:
        raw, out = Path(folder) / "raw", Path(folder) / "prepared"
        raw.mkdir()
        source.fake(raw, source.layouts[0], {}, 0)
        prepare(source, CARD, raw, out, workers=1)
        audit([str(out)], workers=1)
        seconds = []
        for _ in range(TURNS):
            before = time.process_time()
            found = audit([str(out)], workers=1)
            seconds.append((time.process_time() - before) / PAIRS)
        if len(found.splits[0].measures) != PAIRS:
            raise RuntimeError("the audit left pairs out")
    return of_pairs(
        f"audit of a {WIDTH}x{HEIGHT} {form} pair with a mask ({1 / statistics.median(seconds):.0f} pairs/s)",
        [(one, 1 / PAIRS_PER_SECOND) for one in seconds],
        reference_name=f"{PAIRS_PER_SECOND} pairs/s of one core",
        unit="s",
        goal=goal,
    )


def near() -> Ratio:
    rng = np.random.default_rng(0)
    signatures = rng.integers(0, 2**64, (SIGNATURES, 2), np.uint64)
    signatures[:FEW, 0] = signatures[FEW : 2 * FEW, 0]
    signatures[:FEW, 1] = signatures[FEW : 2 * FEW, 1] ^ np.uint64(0b10110111)
    alone = np.full(SIGNATURES, -1)
    if not np.array_equal(near_pairs(signatures, alone), every_pair(signatures)):
        raise RuntimeError("the two searches find other pairs")
    return compare(
        f"near-duplicates among {SIGNATURES} signatures",
        lambda: near_pairs(signatures, alone),
        lambda: every_pair(signatures),
        reference_name="comparing every pair",
        goal=5.0,
        repeats=3,
    )


def every_pair(signatures: np.ndarray) -> np.ndarray:
    found = []
    for row in range(len(signatures) - 1):
        close = np.flatnonzero(bits_apart(signatures[row], signatures[row + 1 :]) <= NEAR_BITS)
        found.append(np.stack([np.full(len(close), row), close + row + 1], axis=1))
    return np.concatenate(found)
