"""Which camera's pixels labels follow, and the size of its images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def frame_size(record: Mapping[str, Any], label_set: str | None, modalities: tuple[str, ...]) -> tuple[int, int]:
    """Return height and width of the frame that a label set follows.

    Args:
        record: the json member.
        label_set: name of a mask or box set; None for the first modality's own frame.
        modalities: all of the dataset, in the manifest's order; `x` is the first that is not `rgb`.
    """
    if label_set in record["masks"]:
        facts = record["masks"][label_set]
    else:
        frame = record["boxes"][label_set]["frame"] if label_set in record["boxes"] else "both"
        facts = record["images"][frame_modality(frame, modalities)]
    return int(facts["height"]), int(facts["width"])


def frame_modality(frame: str, modalities: Sequence[str]) -> str:
    """Return the modality whose pixels labels of a frame follow.

    Args:
        frame: of the label set: `rgb`, `x` or `both`.
        modalities: all of the dataset, in the manifest's order.
    """
    others = [name for name in modalities if name != "rgb"]
    return {"rgb": "rgb", "x": others[0] if others else "rgb", "both": modalities[0]}[frame]


def follows_alone(frame: str, modality: str, modalities: Sequence[str]) -> bool:
    """Tell whether labels of a frame follow the pixels of a modality, and of no other."""
    return frame != "both" and frame_modality(frame, modalities) == modality
