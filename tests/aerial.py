"""A dataset of what few formats hold: float32 rasters, 16 bits, several views, oriented boxes, no box in the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets.source import Layout
from rgbtbench.formats.image_file import encode_png
from rgbtbench.formats.npy_file import encode_npy, float32_image
from rgbtbench.pair import Boxes, Entry, Image, Pair, Text
from rgbtbench.shards.build import prepare

WIDTH, HEIGHT = 20, 12
COUNT = 7
#: Corners of the boxes of a sample, whose number grows with its order: the first has none.
SHAPES = (((2, 1), (8, 3), (7, 6), (1, 4)), ((10.5, 2), (16, 2), (16, 9), (10.5, 9)))

CARD = DatasetCard.model_validate(
    {
        "name": "aerial",
        "title": "Aerial",
        "summary": "made for tests",
        "tasks": ("detection", "language"),
        "source": {"access": "generated"},
        "licence": {"name": "none", "commercial_use": "yes", "verified": True},
        "citation": {"text": "none"},
        "modalities": {
            "rgb": {"sensor": "camera", "channels": 3, "bit_depth": 8},
            "lwir_raw": {"sensor": "bolometer", "channels": 1, "bit_depth": 16},
            "aolp": {"sensor": "polariser", "channels": 1, "bit_depth": 32},
            "polarisation": {"sensor": "polariser", "channels": 2, "bit_depth": 32},
        },
        "label_sets": {
            "vehicles": {"kind": "boxes", "frame": "both", "classes": ({"id": 1, "name": "car", "unified": "car"},)},
            "captions": {"kind": "text", "frame": "both"},
        },
        "editions": {"official": {"splits": {"train": {"count": COUNT}}}},
        "verified": True,
    }
)


def raster(order: int, *shape: int) -> np.ndarray:
    return np.random.default_rng([order, *shape]).normal(size=(HEIGHT, WIDTH, *shape)).astype(np.float32)


def levels(order: int, kind: type, *shape: int) -> np.ndarray:
    top = np.iinfo(kind).max
    return np.random.default_rng([order, *shape]).integers(0, top, (HEIGHT, WIDTH, *shape), kind, endpoint=True)


def corners(order: int) -> np.ndarray:
    return np.array(SHAPES[: order % 3], np.float64).reshape(-1, 4, 2)


class Aerial:
    name = "aerial"
    layouts = (Layout("official", ("notes",), "notes/<n>.txt"),)

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        for order in range(COUNT):
            yield Entry(f"{order:03d}", f"{order:03d}", "train", order, {"note": f"notes/{order:03d}.txt"})

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        order, shapes = entry.order, corners(entry.order)
        count = len(shapes)
        official = encode_npy(raster(order))
        return Pair(
            dataset=self.name,
            entry=entry,
            images={
                "rgb": Image(encode_png(levels(order, np.uint8, 3)), "png", WIDTH, HEIGHT, 3, 8, "notes"),
                "lwir_raw": Image(encode_png(levels(order, np.uint16)), "png", WIDTH, HEIGHT, 1, 16, "notes"),
                "aolp": Image(official, "npy", WIDTH, HEIGHT, 1, 32, "notes"),
                "polarisation": float32_image(raster(order, 2), source="notes", conversion="made up"),
            },
            labels={
                "vehicles": Boxes(
                    frame="both",
                    xyxy=np.concatenate([shapes.min(axis=1), shapes.max(axis=1)], axis=1),
                    labels=np.ones(count, np.int64),
                    ignore=np.zeros(count, np.bool_),
                    occlusion=np.full(count, -1, np.int64),
                    raw=shapes.reshape(-1, 8) + 1,
                    convention="polygon-1-based",
                    corners=shapes,
                ),
                "captions": Text((f"from above, {order}",)),
            },
            attributes={},
        )

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        (root / "notes").mkdir()
        for order in range(counts["train"]):
            (root / "notes" / f"{order:03d}.txt").write_text("ten bytes\n")


def prepare_aerial(folder: Path) -> Path:
    """Prepare the dataset below `folder`, and return where."""
    (folder / "raw").mkdir()
    Aerial().fake(folder / "raw", Aerial.layouts[0], {"train": COUNT}, 0)
    prepare(Aerial(), CARD, folder / "raw", folder / "aerial", workers=1)
    return folder / "aerial"
