"""Questions about rendered scenes and their answers, in the words of IR-TD."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.datasets.fakes import native_boxes, rendered
from rgbtbench.datasets.irtd_targets import BOX_IMAGE
from rgbtbench.formats.write_boxes import NamedBox
from rgbtbench.formats.write_image import write_image

_PREFIX: Final = "/somewhere/Datasets/"
#: Pixels of a picture for each that is rendered.
_ENLARGED: Final = 8
#: Split to the image of a number.
_IMAGES: Final = {
    **dict.fromkeys(
        ("location", "security", "relationship", "detection"), "63-FLIR_ADAS/training/PreviewData/FLIR_{:05d}.jpeg"
    ),
    "reid": "53-LLCM/train/{:04d}.jpg",
    "scene": "51-RGBNIR/train/{:04d}.jpg",
    "recognition": "6-LSOTB-TIR/Training_Dataset/TrainingData/TIR_training_001/person_001/{:08d}.jpg",
    "pedestrian_counting": "23-RGBTCrowdCounting/train/{:04d}_Grey.jpg",
    "aerial_counting": "4-VEDAI/train/trainimgr/{:05d}.jpg",
}
_OPTIONS: Final = {"A": "car", "B": "person", "C": "scooter", "D": "hydrant"}


def write_fake(path: Path, images: Path, split: str, numbers: Sequence[int], facts: LabelSetFacts, seed: int) -> None:
    """Write the file of one split and its images.

    Args:
        path: of the file.
        images: folder of all images.
        split: which questions are asked.
        numbers: one for each row.
        facts: the card's box set.
        seed: of the scenes.
    """
    rows = []
    for row, number in enumerate(numbers):
        scene = rendered(seed, number, width=BOX_IMAGE[0] // _ENLARGED, height=BOX_IMAGE[1] // _ENLARGED)
        image = _IMAGES[split].format(number)
        write_image(images / image, np.kron(scene.lwir, np.ones((_ENLARGED, _ENLARGED), np.uint8)))
        boxes = [
            (name, (_ENLARGED * x1, _ENLARGED * y1, _ENLARGED * x2, _ENLARGED * y2))
            for name, (x1, y1, x2, y2) in native_boxes(scene, facts)
        ]
        question, answer = _question_and_answer(split, boxes or [("car", (0, 0, 64, 32))])
        turns = [{"from": "human", "value": f"<image>\n{question}"}, {"from": "gpt", "value": answer}]
        rows.append({"id": str(row), "image": [f"{_PREFIX}{images.name}/{image}"], "conversations": turns})
    path.parent.mkdir(parents=True, exist_ok=True)
    listed = ",\n".join(json.dumps(row, indent=4) for row in rows)
    path.write_text(f"{listed},\n" if split == "detection" else f"[{listed}]\n")


def _question_and_answer(split: str, boxes: Sequence[NamedBox]) -> tuple[str, str]:
    """Return what a row of a split says of an image of 640x512 pixels with some boxes, at least one."""
    label, box = boxes[0]
    named = {name for name, _ in boxes}
    match split:
        case "location":
            centres = sorted(
                (round((x1 + x2) / 2 / BOX_IMAGE[0] * 1000), round((y1 + y2) / 2 / BOX_IMAGE[1] * 1000))
                for name, (x1, y1, x2, y2) in boxes
                if name == label
            )
            points = ", ".join(f"({x}, {y})" for x, y in centres)
            return f" Locate all {label} from left to right.", f"<ref>{label}</ref> at <pos>[{points}]</pos>"
        case "detection":
            numbers = ", ".join(str(int(number)) for number in box)
            return (
                f"Detect the bounding box of the nearest {label} located at the left.",
                f"The target bounding box is <box>[[{numbers}]]</box>.",
            )
        case "security":
            options = " ".join(f"({letter}) {name}" for letter, name in _OPTIONS.items())
            absent = " ".join(f"({letter}) {name}" for letter, name in _OPTIONS.items() if name not in named)
            return f"What object does not appear in the picture?\n{options}", absent
        case "scene":
            return "What is the scene in the picture?\n(A) urban (B) field (C) forest (D) indoor", "(A) urban"
        case "recognition":
            return "What is the object in the picture?\n(A) duck (B) person (C) horse (D) crocodile", "(B) person"
        case "relationship":
            return f"Is there a car behind the the first {label} from left to right?", "yes" if "car" in named else "no"
        case "reid":
            return "Which person has the same identity with the person in the upper left corner?\n1234\n5678", "7"
        case _:
            counted = "pedestrians" if split == "pedestrian_counting" else "cars"
            return f"Calculate the number of {counted} in the picture.", f"<num>{len(boxes)}</num>"
