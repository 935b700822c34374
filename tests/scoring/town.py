"""Twelve made-up scenes with masks, strata, boxes, clusters and attributes, prepared like any dataset."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import yaml

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets.source import Layout
from rgbtbench.formats.image_file import encode_png
from rgbtbench.pair import Boxes, Entry, Image, Mask, Pair
from rgbtbench.predictions import BoxPrediction, BoxWriter, MaskPrediction, MaskWriter, Sidecar
from rgbtbench.shards.build import prepare
from rgbtbench.shards.plan import Options

IMAGES, HEIGHT, WIDTH = 12, 16, 24
KEYS = tuple(f"{'night' if order % 3 else 'day'}/{order:03d}" for order in range(IMAGES))

FACTS = {
    "name": "town",
    "title": "Town",
    "summary": "made for tests",
    "tasks": ["semantic", "detection"],
    "source": {"access": "generated"},
    "licence": {"name": "none", "commercial_use": "yes", "verified": True},
    "citation": {"text": "none"},
    "modalities": {"rgb": {"sensor": "camera", "channels": 3, "bit_depth": 8}},
    "label_sets": {
        "semantic": {
            "kind": "semantic",
            "frame": "both",
            "ignore_ids": [255],
            "classes": [
                {"id": 0, "name": "background", "unified": "unlabeled"},
                {"id": 1, "name": "pedestrian", "unified": "person"},
                {"id": 4, "name": "motor car", "unified": "car"},
                {"id": 7, "name": "never", "unified": "animal"},
            ],
        },
        "visibility": {
            "kind": "semantic",
            "frame": "both",
            "classes": [
                {"id": 0, "name": "nowhere", "unified": "ignore"},
                {"id": 1, "name": "rgb_only", "unified": "ignore"},
                {"id": 2, "name": "both", "unified": "ignore"},
            ],
        },
        "objects": {
            "kind": "boxes",
            "frame": "both",
            "classes": [
                {"id": 1, "name": "pedestrian", "unified": "person"},
                {"id": 2, "name": "motor car", "unified": "car"},
                {"id": 3, "name": "group", "unified": "ignore"},
            ],
        },
    },
    "editions": {"official": {"splits": {"test": {"count": IMAGES}}}},
    "attributes": {
        "time_of_day": {"values": ["day", "night"], "source": "made up"},
        "raining": {"source": "made up"},
    },
    "verified": True,
    "protocols": {
        "miou": {
            "summary": "all classes",
            "task": "semantic",
            "split": "test",
            "label_set": "semantic",
            "rules": {"metric": "segmentation", "strata": "visibility"},
            "report_by": ["time_of_day", "raining"],
            "intervals": {"resamples": 200},
        },
        "miou-night": {
            "summary": "by night",
            "task": "semantic",
            "split": "test",
            "label_set": "semantic",
            "where": {"time_of_day": "night"},
            "rules": {"metric": "segmentation"},
            "intervals": {"resamples": 200},
        },
        "miou-unified": {
            "summary": "in unified ids",
            "task": "semantic",
            "split": "test",
            "label_set": "semantic",
            "label_space": "unified",
            "rules": {"metric": "segmentation"},
            "intervals": {"resamples": 200},
        },
        "ap": {
            "summary": "boxes",
            "task": "detection",
            "split": "test",
            "label_set": "objects",
            "rules": {"metric": "coco_ap"},
            "report_by": ["time_of_day"],
            "intervals": {"resamples": 100},
        },
    },
}
CARD = DatasetCard.model_validate(FACTS)


def label(order: int) -> np.ndarray:
    values = np.array([0, 0, 0, 1, 4, 255], np.uint8)
    return np.random.default_rng([order, 1]).choice(values, (HEIGHT, WIDTH))


def visibility(order: int) -> np.ndarray:
    return np.random.default_rng([order, 2]).integers(0, 3, (HEIGHT, WIDTH), np.uint8)


def predicted(order: int) -> np.ndarray:
    """A prediction that is right in three of four pixels."""
    rng = np.random.default_rng([order, 3])
    guess = rng.choice(np.array([0, 1, 4, 7], np.uint8), (HEIGHT, WIDTH))
    truth = label(order)
    return np.where((rng.random((HEIGHT, WIDTH)) < 0.75) & (truth != 255), truth, guess)


def scene_boxes(order: int) -> Boxes:
    rng = np.random.default_rng([order, 4])
    count = 0 if order == 5 else 4
    corners = rng.uniform(0, 12, (count, 2))
    xyxy = np.column_stack([corners, corners + rng.uniform(2, 10, (count, 2))])
    return Boxes(
        frame="both",
        xyxy=xyxy,
        labels=rng.integers(1, 3, count),
        ignore=rng.random(count) < 0.2,
        occlusion=np.zeros(count, np.int64),
        raw=xyxy,
        convention="xyxy-0-based",
    )


def detected(order: int) -> BoxPrediction:
    """Two boxes near real ones, two anywhere; tied scores."""
    rng, truth = np.random.default_rng([order, 5]), scene_boxes(order)
    corners = rng.uniform(0, 12, (2, 2))
    boxes = np.vstack(
        [truth.xyxy[:2] + rng.normal(0, 0.4, (len(truth.xyxy[:2]), 4)), np.hstack([corners, corners + 5])]
    )
    return BoxPrediction(
        key=KEYS[order],
        boxes_xyxy=boxes,
        scores=np.round(rng.random(len(boxes)), 1),
        labels=np.concatenate([truth.labels[:2], [1, 2]]).astype(np.int64),
    )


class Town:
    name = "town"
    layouts = (Layout("official", ("notes",), "notes/<order>.json"),)

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        for order, path in enumerate(sorted((root / "notes").glob("*.json"))):
            yield Entry(
                key=KEYS[order],
                official_id=KEYS[order],
                split="test",
                order=order,
                files={"note": f"notes/{path.name}"},
                attributes={"time_of_day": KEYS[order].split("/")[0], "raining": None if order == 0 else order < 6},
                cluster=f"walk{order // 3}",
                image_id=100 - order,  # the official numbers run the other way
            )

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        order = json.loads((root / entry.files["note"]).read_text())
        pixels = np.full((HEIGHT, WIDTH, 3), order, np.uint8)
        return Pair(
            dataset=self.name,
            entry=entry,
            images={"rgb": Image(encode_png(pixels), "png", WIDTH, HEIGHT, 3, 8, "notes")},
            labels={
                "semantic": _mask(label(order)),
                "visibility": _mask(visibility(order)),
                "objects": scene_boxes(order),
            },
            attributes=entry.attributes,
        )

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        (root / "notes").mkdir(parents=True)
        for order in range(counts["test"]):
            (root / "notes" / f"{order:03d}.json").write_text(str(order))


def _mask(values: np.ndarray) -> Mask:
    return Mask("semantic", "both", encode_png(values), WIDTH, HEIGHT, tuple(np.unique(values).tolist()), "notes")


def prepare_town(folder: Path, *, limit: int | None = None) -> Path:
    raw, out = folder / "raw", folder / "town"
    if not raw.exists():
        Town().fake(raw, Town.layouts[0], {"test": IMAGES}, 0)
    prepare(Town(), CARD, raw, out, options=Options(limit=limit), workers=1)
    return out


def write_card(folder: Path) -> Path:
    path = folder / "town.yaml"
    path.write_text(yaml.safe_dump(FACTS))
    return path


def sidecar(task: str, **changes: object) -> Sidecar:
    facts = {
        "task": task,
        "dataset": "town",
        "edition": "official",
        "split": "test",
        "label_set": {"semantic": "semantic", "detection": "objects"}[task],
    }
    return Sidecar.model_validate(facts | changes)


def write_masks(folder: Path, *, orders=range(IMAGES)) -> Path:
    with MaskWriter(folder, sidecar("semantic")) as writer:
        for order in orders:
            writer.write(MaskPrediction(KEYS[order], predicted(order)))
    return folder


def write_boxes(folder: Path, *, orders=range(IMAGES)) -> Path:
    numbers = {key: 100 - order for order, key in enumerate(KEYS)}
    with BoxWriter(folder, sidecar("detection"), image_ids=numbers) as writer:
        for order in orders:
            writer.write(detected(order))
    return folder
