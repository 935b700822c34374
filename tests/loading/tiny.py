"""A dataset whose every pixel the tests know: `rgb` of 24x16, 16-bit `lwir` of 12x8, labels of every kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets.source import Layout
from rgbtbench.formats.image_file import encode_png
from rgbtbench.pair import Boxes, Entry, Image, Mask, Pair, Text
from rgbtbench.shards.build import prepare
from rgbtbench.shards.plan import Options

COUNTS = {"train": 7, "test": 5}
HEIGHT, WIDTH = 16, 24
#: Of every sample: a person, a group (hidden), a poster (no object).
BOXES = ((2.0, 3.0, 6.0, 11.0), (10.0, 2.0, 20.0, 12.0), (21.0, 4.0, 23.5, 9.0))

CARD = DatasetCard.model_validate(
    {
        "name": "tiny",
        "title": "Tiny",
        "summary": "made for tests",
        "tasks": ("semantic", "detection", "saliency", "language"),
        "source": {"access": "generated"},
        "licence": {"name": "none", "commercial_use": "yes", "verified": True},
        "citation": {"text": "none"},
        "modalities": {
            "rgb": {"sensor": "camera", "channels": 3, "bit_depth": 8},
            "lwir": {"sensor": "bolometer", "channels": 1, "bit_depth": 16},
        },
        "label_sets": {
            "semantic": {
                "kind": "semantic",
                "frame": "rgb",
                "ignore_ids": (255,),
                "classes": (
                    {"id": 0, "name": "background", "unified": "unlabeled"},
                    {"id": 1, "name": "pedestrian", "unified": "person"},
                    {"id": 2, "name": "heat haze", "unified": "drop"},
                    {"id": 3, "name": "blur", "unified": "ignore"},
                    {"id": 4, "name": "motor car", "unified": "car"},
                ),
            },
            "people": {
                "kind": "boxes",
                "frame": "rgb",
                "classes": (
                    {"id": 1, "name": "pedestrian", "unified": "person"},
                    {"id": 2, "name": "group", "unified": "ignore"},
                    {"id": 3, "name": "poster", "unified": "drop"},
                ),
            },
            "hot": {"kind": "boxes", "frame": "x", "classes": ({"id": 1, "name": "hot", "unified": "person"},)},
            "salient": {"kind": "saliency", "frame": "rgb"},
            "captions": {"kind": "text", "frame": "both"},
        },
        "editions": {"official": {"splits": {name: {"count": count} for name, count in COUNTS.items()}}},
        "attributes": {"time_of_day": {"values": ("day", "night"), "source": "made up"}},
        "verified": True,
    }
)


def rgb(split: str, order: int) -> np.ndarray:
    return np.random.default_rng([order, len(split)]).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def lwir(split: str, order: int) -> np.ndarray:
    return np.random.default_rng([order, len(split), 1]).integers(0, 65536, (HEIGHT // 2, WIDTH // 2), np.uint16)


def semantic(order: int) -> np.ndarray:
    return np.random.default_rng([order, 2]).choice(np.array([0, 1, 2, 3, 4, 255], np.uint8), (HEIGHT, WIDTH))


def boxes(frame: Any, corners: tuple[tuple[float, ...], ...], labels: list[int]) -> Boxes:
    xyxy = np.array(corners, np.float64).reshape(-1, 4)
    count = len(labels)
    return Boxes(
        frame=frame,
        xyxy=xyxy,
        labels=np.array(labels, np.int64),
        ignore=np.zeros(count, np.bool_),
        occlusion=np.zeros(count, np.int64),
        raw=xyxy,
        convention="xyxy-0-based",
    )


class Tiny:
    name = "tiny"
    layouts = (Layout("official", ("notes",), "notes/<split>_<order>.txt"),)

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        for split, count in COUNTS.items():
            for order in range(count):
                yield Entry(
                    key=f"{split}_{order}",
                    official_id=f"{split}.{order}",
                    split=split,
                    order=order,
                    files={"note": f"notes/{split}_{order}.txt"},
                    attributes={"time_of_day": "night" if order % 3 else "day"},
                    cluster=f"walk{order // 2}",
                    image_id=100 + order,
                )

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        mask, soft = semantic(entry.order), rgb(entry.split, entry.order)[..., 0]
        # The last sample of a split shows nobody.
        shown = 0 if entry.order == COUNTS[entry.split] - 1 else 3
        return Pair(
            dataset=self.name,
            entry=entry,
            images={
                "rgb": Image(encode_png(rgb(entry.split, entry.order)), "png", WIDTH, HEIGHT, 3, 8, "notes"),
                "lwir": Image(
                    encode_png(lwir(entry.split, entry.order)), "png", WIDTH // 2, HEIGHT // 2, 1, 16, "notes"
                ),
            },
            labels={
                "semantic": _mask("semantic", mask),
                "salient": _mask("saliency", soft),
                "people": boxes("rgb", BOXES[:shown], [1, 2, 3][:shown]),
                "hot": boxes("x", ((1.0, 2.0, 3.0, 5.0),), [1]),
                "captions": Text((f"sample {entry.order}", "street")),
            },
            attributes=entry.attributes,
        )

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        (root / "notes").mkdir()
        for split, count in counts.items():
            for order in range(count):
                (root / "notes" / f"{split}_{order}.txt").write_text("ten bytes\n")


class Snapshots(Tiny):
    """The same with images as JPEG, of which every third is smaller, and an 8-bit `lwir`."""

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        stored = super().pair(root, layout, entry)
        part = slice(0, HEIGHT - 6 if entry.order % 3 == 1 else HEIGHT)
        colours = rgb(entry.split, entry.order)[part]
        mask = semantic(entry.order)[part]
        return replace(
            stored,
            images={"rgb": _jpeg(colours, "RGB"), "lwir": _jpeg(colours[::2, ::2, :1], "GRAY")},
            labels={"semantic": _mask("semantic", mask)},
        )


def _jpeg(pixels: np.ndarray, colours: str) -> Image:
    data = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality=90, colorspace=colours)
    height, width, channels = pixels.shape
    return Image(data, "jpg", width, height, channels, 8, "notes")


def _mask(kind: Any, values: np.ndarray) -> Mask:
    present = tuple(np.unique(values).tolist())
    return Mask(kind, "rgb", encode_png(values), values.shape[1], values.shape[0], present, "notes")


def prepare_tiny(folder: Path, dataset: Tiny | None = None) -> Path:
    """Prepare the dataset below `folder` in shards of a few samples, and return where."""
    raw, out = folder / "raw", folder / "tiny"
    raw.mkdir()
    Tiny().fake(raw, Tiny.layouts[0], COUNTS, 0)
    prepare(dataset or Tiny(), CARD, raw, out, options=Options(shard_bytes=30), workers=1)
    return out
