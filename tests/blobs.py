"""A small dataset that a small network learns in seconds: warm and bright squares on noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets.source import Layout
from rgbtbench.formats.image_file import encode_png, read_image_file
from rgbtbench.formats.index_mask import read_index_mask
from rgbtbench.pair import Boxes, Entry, Pair

WIDTH, HEIGHT = 64, 48
COUNTS = {"train": 10, "val": 5, "test": 3}
#: Class id to the grey values of its squares in rgb and lwir.
LOOKS = {1: (220, 60), 4: (60, 230)}


def card() -> DatasetCard:
    classes = (
        {"id": 0, "name": "background", "unified": "unlabeled"},
        {"id": 1, "name": "lamp", "unified": "street_lamp"},
        {"id": 4, "name": "person", "unified": "person"},
    )
    return DatasetCard.model_validate(
        {
            "name": "blobs",
            "title": "Blobs",
            "summary": "made for tests",
            "tasks": ("semantic", "detection"),
            "source": {"access": "generated"},
            "licence": {"name": "none", "commercial_use": "yes", "verified": True},
            "citation": {"text": "none"},
            "modalities": {
                "rgb": {"sensor": "camera", "channels": 3, "bit_depth": 8},
                "lwir": {"sensor": "bolometer", "channels": 1, "bit_depth": 8},
            },
            "label_sets": {
                "semantic": {"kind": "semantic", "frame": "both", "ignore_ids": (255,), "classes": classes},
                "objects": {"kind": "boxes", "frame": "both", "classes": classes[1:]},
            },
            "editions": {"official": {"splits": {split: {"count": count} for split, count in COUNTS.items()}}},
            "verified": True,
        }
    )


class Blobs:
    """`<split>/<n>_{rgb,lwir,labels}.png`; boxes are those of the squares."""

    name = "blobs"
    layouts = (Layout("official", ("train",), "<split>/<n>_{rgb,lwir,labels}.png"),)

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        for folder in sorted(path for path in root.iterdir() if path.is_dir()):
            for order, path in enumerate(sorted(folder.glob("*_rgb.png"))):
                stem = path.name.removesuffix("_rgb.png")
                files = {role: f"{folder.name}/{stem}_{role}.png" for role in ("rgb", "lwir", "labels")}
                yield Entry(f"{folder.name}-{stem}", stem, folder.name, order, files)

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        squares = _squares(entry.split, entry.order)
        xyxy = np.array([box for _, box in squares], np.float64)
        return Pair(
            dataset=self.name,
            entry=entry,
            images={name: read_image_file(root, entry.files[name]) for name in ("rgb", "lwir")},
            labels={
                "semantic": read_index_mask(root, entry.files["labels"], kind="semantic", frame="both"),
                "objects": Boxes(
                    frame="both",
                    xyxy=xyxy,
                    labels=np.array([label for label, _ in squares], np.int64),
                    ignore=np.zeros(len(squares), np.bool_),
                    occlusion=np.zeros(len(squares), np.int64),
                    raw=xyxy,
                    convention="xyxy-0-based",
                ),
            },
            attributes={},
        )

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        for split, count in counts.items():
            (root / split).mkdir(parents=True)
            for index in range(count):
                noise = np.random.default_rng([seed, index, len(split)])
                rgb = noise.integers(90, 130, (HEIGHT, WIDTH, 3), np.uint8)
                lwir = noise.integers(90, 130, (HEIGHT, WIDTH), np.uint8)
                labels = np.zeros((HEIGHT, WIDTH), np.uint8)
                for label, (x1, y1, x2, y2) in _squares(split, index):
                    rgb[y1:y2, x1:x2], lwir[y1:y2, x1:x2] = LOOKS[label]
                    labels[y1:y2, x1:x2] = label
                for role, pixels in {"rgb": rgb, "lwir": lwir, "labels": labels}.items():
                    (root / split / f"{index:02d}_{role}.png").write_bytes(encode_png(pixels))


def _squares(split: str, index: int) -> list[tuple[int, tuple[int, int, int, int]]]:
    """Return label and box of a sample's two squares, which never overlap."""
    random = np.random.default_rng([index, len(split), 7])
    squares = []
    for label, left in ((1, 0), (4, WIDTH // 2)):
        size = int(random.integers(10, 22))
        x = left + int(random.integers(0, WIDTH // 2 - size))
        y = int(random.integers(0, HEIGHT - size))
        squares.append((label, (x, y, x + size, y + size)))
    return squares
