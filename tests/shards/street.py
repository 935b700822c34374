"""A small dataset with photographs, masks, boxes and captions, written by the tests themselves."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import simplejpeg

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets.source import Layout
from rgbtbench.errors import InputFileError
from rgbtbench.formats.image_file import encode_png, read_image_file
from rgbtbench.formats.index_mask import read_index_mask
from rgbtbench.formats.paths import read_bytes
from rgbtbench.pair import Boxes, Entry, Pair, Text, key_of
from rgbtbench.shards.plan import Options

WIDTH, HEIGHT = 48, 32
#: Two samples to a shard.
SMALL_SHARDS = Options(shard_bytes=20_000)
#: Official times of the files, so that every tree of the same seed is the same tree.
EPOCH_NS = 1_600_000_000 * 10**9


def card(**changes: object) -> DatasetCard:
    facts: dict[str, object] = {
        "name": "street",
        "title": "Street",
        "summary": "made for tests",
        "tasks": ("semantic", "detection"),
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
                "frame": "both",
                "ignore_ids": (255,),
                "classes": (
                    {"id": 0, "name": "background", "unified": "unlabeled"},
                    {"id": 1, "name": "road", "unified": "road"},
                    {"id": 2, "name": "wall", "unified": "wall"},
                ),
            },
            "people": {"kind": "boxes", "frame": "rgb", "classes": ({"id": 1, "name": "person", "unified": "person"},)},
            "captions": {"kind": "text", "frame": "both"},
        },
        "editions": {"official": {"splits": {"train": {"count": 7}, "test": {"count": 4}}}},
        "attributes": {
            "time_of_day": {"values": ("day", "night"), "source": "name"},
            "temperature": {"source": "annotation"},
        },
        "verified": True,
        "protocols": {
            "miou-3": {
                "summary": "all classes",
                "task": "semantic",
                "split": "test",
                "label_set": "semantic",
                "rules": {"metric": "segmentation"},
            }
        },
    }
    return DatasetCard.model_validate(facts | changes)


class Street:
    """Images in `rgb/` and `lwir/`, masks in `labels/`, annotations in `notes/`, one id per line in `<split>.txt`."""

    name = "street"
    layouts = (Layout("official", ("rgb", "lwir"), "rgb/ lwir/ labels/ notes/ <split>.txt"),)

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        for listing in sorted(root.glob("*.txt")):
            for order, official_id in enumerate(listing.read_text().split()):
                yield Entry(
                    key=key_of(official_id),
                    official_id=official_id,
                    split=listing.stem,
                    order=order,
                    files={
                        "rgb": f"rgb/{official_id}.jpg",
                        "lwir": f"lwir/{official_id}.png",
                        "semantic": f"labels/{official_id}.png",
                        "notes": f"notes/{official_id}.json",
                    },
                    attributes={"time_of_day": "day" if order % 2 else "night"},
                    cluster=f"run{order // 3}",
                )

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        try:
            notes = json.loads(read_bytes(root, entry.files["notes"]))
        except ValueError as error:
            raise InputFileError("not JSON", path=root / entry.files["notes"]) from error
        boxes = np.array(notes["boxes"], np.float64).reshape(-1, 4)
        count = len(boxes)
        return Pair(
            dataset=self.name,
            entry=entry,
            images={
                "rgb": read_image_file(root, entry.files["rgb"]),
                "lwir": read_image_file(root, entry.files["lwir"]),
            },
            labels={
                "semantic": read_index_mask(root, entry.files["semantic"], kind="semantic", frame="both"),
                "people": Boxes(
                    frame="rgb",
                    xyxy=boxes,
                    labels=np.full(count, notes.get("label", 1), np.int64),
                    ignore=np.zeros(count, np.bool_),
                    occlusion=np.full(count, -1, np.int64),
                    raw=boxes + 1,
                    convention="xyxy-1-based",
                    visibility={"rgb": np.linspace(0, 1, count), "lwir": np.linspace(1, 3, count)},
                ),
                "captions": Text(tuple(notes["captions"])),
            },
            attributes={**entry.attributes, "temperature": notes["temperature"]},
        )

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        for folder in ("rgb", "lwir", "labels", "notes"):
            (root / folder).mkdir(parents=True)
        for split, count in counts.items():
            names = [f"{split}.{index:04d}" for index in range(count)]
            (root / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))
            for index, name in enumerate(names):
                write_sample(root, name, seed=hash((seed, len(split), index)), boxes=index % 3)


def write_sample(root: Path, name: str, *, seed: int, boxes: int) -> None:
    """Write the four files of one sample; their content and times depend on `seed` alone."""
    random = np.random.default_rng(abs(seed))
    rgb = random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    notes = {
        "boxes": [[index, 2, index + 3.5, 9] for index in range(boxes)],
        "captions": [" a street"] * boxes,
        "temperature": 3.0 if boxes else None,
    }
    contents = {
        f"rgb/{name}.jpg": simplejpeg.encode_jpeg(rgb, 90),
        f"lwir/{name}.png": encode_png(random.integers(0, 65536, (HEIGHT, WIDTH), np.uint16)),
        f"labels/{name}.png": encode_png(random.integers(0, 3, (HEIGHT, WIDTH), np.uint8)),
        f"notes/{name}.json": json.dumps(notes).encode(),
    }
    for path, content in contents.items():
        (root / path).write_bytes(content)
        os.utime(root / path, ns=(EPOCH_NS, EPOCH_NS))


def tree(root: Path) -> dict[str, bytes]:
    """All files of a prepared dataset but the resume state, by path."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.relative_to(root).parts[0] != ".state"
    }
