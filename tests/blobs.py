"""A small dataset that a small network learns in seconds: warm and bright squares on noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets.source import Layout
from rgbtbench.formats.image_file import encode_png, read_image_file
from rgbtbench.formats.index_mask import read_index_mask
from rgbtbench.pair import Boxes, Entry, Pair
from rgbtbench.shards.build import prepare

WIDTH, HEIGHT = 64, 48
COUNTS = {"train": 10, "val": 5, "test": 3}
#: Class id to the grey values of its squares in rgb and lwir.
LOOKS = {1: (220, 60), 4: (60, 230)}


#: Id, name and unified name of the background, the left squares and the right ones.
CLASSES = ((0, "background", "unlabeled"), (1, "lamp", "street_lamp"), (4, "person", "person"))


def card(
    *,
    name: str = "blobs",
    second: str = "lwir",
    classes: Sequence[tuple[int, str, str]] = CLASSES,
    counts: Mapping[str, int] = COUNTS,
) -> DatasetCard:
    facts = [{"id": number, "name": native, "unified": unified} for number, native, unified in classes]
    return DatasetCard.model_validate(
        {
            "name": name,
            "title": name.title(),
            "summary": "made for tests",
            "tasks": ("semantic", "detection"),
            "source": {"access": "generated"},
            "licence": {"name": "none", "commercial_use": "yes", "verified": True},
            "citation": {"text": "none"},
            "modalities": {
                "rgb": {"sensor": "camera", "channels": 3, "bit_depth": 8},
                second: {"sensor": "bolometer", "channels": 1, "bit_depth": 8},
            },
            "label_sets": {
                "semantic": {"kind": "semantic", "frame": "both", "ignore_ids": (255,), "classes": facts},
                "objects": {"kind": "boxes", "frame": "both", "classes": facts[1:]},
            },
            "editions": {"official": {"splits": {split: {"count": count} for split, count in counts.items()}}},
            "verified": True,
        }
    )


class Blobs:
    """`<split>/<n>_{rgb,lwir,labels}.png`; boxes are those of the squares.

    Args:
        name: of the dataset.
        second: what the second camera is called.
        classes: as `CLASSES`.
    """

    layouts = (Layout("official", ("train",), "<split>/<n>_{rgb,lwir,labels}.png"),)

    def __init__(
        self, name: str = "blobs", second: str = "lwir", classes: Sequence[tuple[int, str, str]] = CLASSES
    ) -> None:
        self.name, self.second = name, second
        self.ids = {look: number for look, (number, _, _) in zip((0, *LOOKS), classes, strict=True)}

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        for folder in sorted(path for path in root.iterdir() if path.is_dir()):
            for order, path in enumerate(sorted(folder.glob("*_rgb.png"))):
                stem = path.name.removesuffix("_rgb.png")
                files = {role: f"{folder.name}/{stem}_{role}.png" for role in ("rgb", self.second, "labels")}
                yield Entry(f"{folder.name}-{stem}", stem, folder.name, order, files)

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        squares = _squares(entry.split, entry.order)
        xyxy = np.array([box for _, box in squares], np.float64)
        return Pair(
            dataset=self.name,
            entry=entry,
            images={name: read_image_file(root, entry.files[name]) for name in ("rgb", self.second)},
            labels={
                "semantic": read_index_mask(root, entry.files["labels"], kind="semantic", frame="both"),
                "objects": Boxes(
                    frame="both",
                    xyxy=xyxy,
                    labels=np.array([self.ids[label] for label, _ in squares], np.int64),
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
                labels = np.full((HEIGHT, WIDTH), self.ids[0], np.uint8)
                for label, (x1, y1, x2, y2) in _squares(split, index):
                    rgb[y1:y2, x1:x2], lwir[y1:y2, x1:x2] = LOOKS[label]
                    labels[y1:y2, x1:x2] = self.ids[label]
                for role, pixels in {"rgb": rgb, self.second: lwir, "labels": labels}.items():
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


def prepare_blobs(
    folder: Path,
    *,
    name: str = "blobs",
    second: str = "lwir",
    classes: Sequence[tuple[int, str, str]] = CLASSES,
    counts: Mapping[str, int] = COUNTS,
    seed: int = 0,
) -> Path:
    """Prepare a dataset of blobs below `folder`, and return where."""
    source, raw, out = Blobs(name, second, classes), folder / "raw", folder / name
    source.fake(raw, source.layouts[0], counts, seed=seed)
    prepare(source, card(name=name, second=second, classes=classes, counts=counts), raw, out, workers=1)
    return out
