"""How the rendered pictures compare with real ones: brightness, local contrast, and edges that both cameras share.

Everything is measured at one width, on grey pictures. Real photographs are averaged down to it, rendered ones
are made at it. The comparison describes the generator; nothing in the generator is fitted to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import InputFileError
from rgbtbench.synthesis.parameters import GENERATOR_VERSION
from rgbtbench.synthesis.render import render

WIDTH = 128
_BLOCK = 8
_BINS = 16
Grey = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PairStatistics:
    """Statistics of one pair of grey pictures, or their medians over many.

    Attributes:
        rgb_mean, lwir_mean: grey level, 0 to 255.
        rgb_spread, lwir_spread: standard deviation over the picture, grey levels.
        rgb_local, lwir_local: median over blocks of 8 x 8 pixels of the standard deviation inside, grey levels.
        rgb_edges, lwir_edges: mean gradient magnitude, grey levels per pixel.
        edge_correlation: Pearson's correlation of the gradient magnitudes of the two pictures.
        grey_correlation: Pearson's correlation of the grey levels themselves.
    """

    rgb_mean: float
    lwir_mean: float
    rgb_spread: float
    lwir_spread: float
    rgb_local: float
    lwir_local: float
    rgb_edges: float
    lwir_edges: float
    edge_correlation: float
    grey_correlation: float


def statistics_of(rgb: Bytes, lwir: Bytes) -> PairStatistics:
    """Measure a pair.

    Args:
        rgb: uint8 (H, W, 3).
        lwir: uint8 (H, W), the same size.
    """
    luma, heat = _at_width(rgb @ np.array([0.299, 0.587, 0.114])), _at_width(lwir.astype(np.float64))
    edges, heat_edges = _gradient(luma), _gradient(heat)
    return PairStatistics(
        rgb_mean=float(luma.mean()),
        lwir_mean=float(heat.mean()),
        rgb_spread=float(luma.std()),
        lwir_spread=float(heat.std()),
        rgb_local=_local_contrast(luma),
        lwir_local=_local_contrast(heat),
        rgb_edges=float(edges.mean()),
        lwir_edges=float(heat_edges.mean()),
        edge_correlation=_correlation(edges, heat_edges),
        grey_correlation=_correlation(luma, heat),
    )


def summarise(pairs: Iterable[tuple[Bytes, Bytes]]) -> dict[str, object]:
    """Return count, median and quartiles of every statistic, and mean histograms, over pairs of rgb and lwir."""
    measured: list[PairStatistics] = []
    histograms: dict[str, list[NDArray[np.float64]]] = {"rgb": [], "lwir": []}
    for rgb, lwir in pairs:
        measured.append(statistics_of(rgb, lwir))
        for name, pixels in (("rgb", rgb.mean(2)), ("lwir", lwir)):
            histograms[name].append(np.histogram(pixels, _BINS, (0, 256))[0] / pixels.size)
    names = PairStatistics.__dataclass_fields__
    table = {name: np.array([getattr(row, name) for row in measured]) for name in names}
    return {
        "pairs": len(measured),
        "quartiles": {
            name: [round(float(q), 3) for q in np.quantile(row, [0.25, 0.5, 0.75])] for name, row in table.items()
        },
        "histograms": {name: np.round(np.mean(rows, 0), 4).tolist() for name, rows in histograms.items()},
    }


def compare_with_real(
    real: Mapping[str, Sequence[tuple[Path, Path]]], *, seed: int = 0, count: int = 100, first: int = 3_000_000
) -> dict[str, object]:
    """Compare rendered pairs with real ones.

    Args:
        real: name of a group (`MFNet, day`) to its pairs of files; a pair that names one file twice is a PNG of four
            channels with the thermal picture in the last.
        seed: of the rendered scenes.
        count: number of rendered scenes.
        first: index of the first; the default belongs to no split.

    Returns:
        Plain data: the generator's version and a summary per group; the rendered groups are called
        `synthetic, day` and `synthetic, night`.

    Raises:
        InputFileError: a file that cannot be decoded.
    """
    rendered: dict[str, list[tuple[Bytes, Bytes]]] = {}
    for index in range(first, first + count):
        scene = render(seed, index, width=WIDTH, height=WIDTH * 3 // 4)
        rendered.setdefault(f"synthetic, {scene.attributes['time_of_day']}", []).append((scene.rgb, scene.lwir))
    groups = {name: summarise(pairs) for name, pairs in sorted(rendered.items())}
    groups |= {name: summarise(_read(*paths) for paths in pairs) for name, pairs in real.items()}
    return {"generator": GENERATOR_VERSION, "width": WIDTH, "groups": groups}


def as_markdown(report: Mapping[str, object]) -> str:
    """Return the medians (and quartiles) of a report of `compare_with_real` as a table."""
    groups = report["groups"]
    if not isinstance(groups, dict):
        raise TypeError("a report of compare_with_real has a mapping of groups")
    lines = ["| statistic | " + " | ".join(f"{name} ({group['pairs']})" for name, group in groups.items()) + " |"]
    lines.append("|---" * (len(groups) + 1) + "|")
    for name in PairStatistics.__dataclass_fields__:
        cells = []
        for group in groups.values():
            low, middle, high = group["quartiles"][name]
            digits = 2 if name.endswith("correlation") else 0 if name.endswith(("mean", "spread")) else 1
            cells.append(f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _read(rgb: Path, lwir: Path) -> tuple[Bytes, Bytes]:
    import cv2

    colour = _decode(rgb)
    heat = colour[..., 3] if rgb == lwir else _decode(lwir).mean(2).astype(np.uint8)
    size = (WIDTH, round(WIDTH * colour.shape[0] / colour.shape[1]))
    small, small_heat = (cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (colour[..., 2::-1], heat))
    return np.ascontiguousarray(small, np.uint8), np.asarray(small_heat, np.uint8)


def _decode(path: Path) -> Bytes:
    """Return uint8 (H, W, C) as OpenCV orders the channels."""
    import cv2

    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint8:
        raise InputFileError("is no 8-bit picture that can be decoded", path=path)
    channels = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
    return np.asarray(channels, np.uint8)


def _at_width(grey: NDArray[np.float64]) -> Grey:
    import cv2

    height = round(grey.shape[0] * WIDTH / grey.shape[1])
    return np.asarray(cv2.resize(grey.astype(np.float32), (WIDTH, height), interpolation=cv2.INTER_AREA))


def _gradient(grey: Grey) -> Grey:
    import cv2

    across, along = (cv2.Sobel(grey, cv2.CV_32F, *order, ksize=3, scale=1 / 8) for order in ((1, 0), (0, 1)))
    return np.asarray(np.hypot(across, along), np.float32)


def _local_contrast(grey: Grey) -> float:
    rows, columns = grey.shape[0] // _BLOCK, grey.shape[1] // _BLOCK
    blocks = grey[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return float(np.median(blocks.std((1, 3))))


def _correlation(one: Grey, other: Grey) -> float:
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
