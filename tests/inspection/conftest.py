from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rgbtbench.datasets.registry import dataset
from rgbtbench.formats.image_file import encode_png
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.shards.build import prepare_dataset

SAMPLES = 6


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    raw, out = tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("shards")
    source = dataset("synthetic")
    source.fake(raw, source.layouts[0], {"test": SAMPLES}, 0)
    prepare_dataset("synthetic", raw, out, workers=1, allow_differences=True)
    return out


@pytest.fixture(scope="session")
def split(prepared) -> PreparedSplit:
    return open_split(prepared, "test")


@pytest.fixture(scope="session")
def masks(split, tmp_path_factory) -> Path:
    """Predicted masks: the labels moved by two pixels."""
    folder = tmp_path_factory.mktemp("masks")
    for sample in split:
        moved = np.roll(sample.masks["semantic"], 2, axis=1)
        (folder / f"{sample.key}.png").write_bytes(encode_png(np.ascontiguousarray(moved)))
    return folder


@pytest.fixture(scope="session")
def maps(split, tmp_path_factory) -> Path:
    """Saliency maps of 16 bits: half of what the masks say."""
    folder = tmp_path_factory.mktemp("maps")
    for sample in split:
        levels = sample.masks["saliency"].astype(np.uint16) * 257 // 2
        (folder / f"{sample.key}.png").write_bytes(encode_png(levels))
    return folder


@pytest.fixture(scope="session")
def boxes(split, tmp_path_factory) -> Path:
    """COCO results: every labelled box once, moved by one pixel, and nothing for the first image."""
    rows = [
        {"image_id": image_id, "category_id": label, "bbox": [x1 + 1, y1, x2 - x1, y2 - y1], "score": 0.5}
        for image_id, sample in zip(split.image_ids[1:], list(split)[1:], strict=True)
        for (x1, y1, x2, y2), label in zip(
            sample.boxes["boxes"].xyxy.tolist(), sample.boxes["boxes"].labels.tolist(), strict=True
        )
    ]
    path = tmp_path_factory.mktemp("boxes") / "detections.json"
    path.write_text(json.dumps(rows))
    return path
