"""Peak memory of `score` on ten times as many images: of pixels it keeps the statistics of each image, of boxes all."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.prepare_memory import PEAK
from benchmarks.ratio import Ratio, of_pairs

FEW, MANY = 1_000, 10_000
#: Images with files of their own; all others are hard links to these, so that many take little room and time.
OWN = 16
HEIGHT, WIDTH, CLASSES = 120, 160, 9
BOXES = 3

_SCORE = """
import re, sys
from pathlib import Path
from rgbtbench.evaluation import class_names, score_against_files
protocol, predictions, truth, classes = sys.argv[1:]
score_against_files(Path(predictions), Path(truth), protocol, classes=class_names(classes or None))
"""


def run() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        measured = {
            name: [peak(Path(folder) / f"{name}-{count}", name, count) for count in (MANY, FEW)]
            for name in ("segmentation", "saliency", "average precision")
        }
    return [
        of_pairs(
            f"score, {name}, peak memory at {MANY} images",
            [(many, few)],
            reference_name=f"the same at {FEW} images: {1024 * (many - few) / (MANY - FEW):.1f} KiB per image",
            unit="MiB",
        )
        for name, (many, few) in measured.items()
    ]


def peak(folder: Path, name: str, count: int) -> float:
    """Return the peak of a process, in MiB, that scores so many images."""
    folder.mkdir()
    if name == "average precision":
        arguments = ["generic/coco-ap", *write_boxes(folder, count), ""]
    else:
        highest, values = (CLASSES, np.arange(CLASSES)) if name == "segmentation" else (256, np.array([0, 255]))
        rng = np.random.default_rng(0)
        found = linked_masks(folder / "found", count, rng.integers(0, highest, (OWN, HEIGHT, WIDTH)))
        truth = linked_masks(folder / "truth", count, rng.choice(values, (OWN, HEIGHT, WIDTH)))
        protocol = "generic/miou-present" if name == "segmentation" else "generic/saliency"
        arguments = [protocol, found, truth, str(CLASSES) if name == "segmentation" else ""]
    command = [sys.executable, "-c", _SCORE + PEAK, *arguments]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def linked_masks(folder: Path, count: int, masks: np.ndarray) -> Path:
    """Write as many files `<number>.png`, which have the given content in turn."""
    folder.mkdir()
    for number in range(count):
        path, own = folder / f"{number:06}.png", folder / f"{number % OWN:06}.png"
        if number < OWN:
            Image.fromarray(masks[number].astype(np.uint8)).save(path)
        else:
            os.link(own, path)
    return folder


def write_boxes(folder: Path, count: int) -> tuple[Path, Path]:
    """Write COCO results and instances of as many images."""
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 400, (count * BOXES, 4)).tolist()
    boxes = [[x, y, 20 + w, 20 + h] for x, y, w, h in corners]
    facts = [
        {"image_id": 1 + at // BOXES, "category_id": 1 + at % CLASSES, "bbox": box} for at, box in enumerate(boxes)
    ]
    instances = {
        "images": [{"id": at, "file_name": f"{at}.jpg", "width": 900, "height": 900} for at in range(1, count + 1)],
        "categories": [{"id": at, "name": str(at)} for at in range(1, CLASSES + 1)],
        "annotations": [
            fact | {"id": at, "area": fact["bbox"][2] * fact["bbox"][3], "iscrowd": 0}
            for at, fact in enumerate(facts, start=1)
        ],
    }
    results, truth = folder / "results.json", folder / "instances.json"
    results.write_text(
        json.dumps(
            [fact | {"score": score} for fact, score in zip(facts, rng.random(len(facts)).tolist(), strict=True)]
        )
    )
    truth.write_text(json.dumps(instances))
    return results, truth
