"""Rendered scenes for fake trees, and their labels in the native classes of the dataset that a tree imitates."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards import dataset_card
from rgbtbench.cards.dataset import DatasetCard, LabelSetFacts
from rgbtbench.formats.image_file import Levels
from rgbtbench.formats.write_boxes import NamedBox
from rgbtbench.labels import IGNORE, LabelMap, reverse_table
from rgbtbench.synthesis.render import RenderedScene, render

_RENDERED = "synthetic"
#: 255 times this is close to 65535, and neighbouring multiples differ in both bytes.
_SIXTEEN_BIT_STEP = np.uint16(251)


@lru_cache(maxsize=256)
def rendered(seed: int, index: int, *, width: int, height: int) -> RenderedScene:
    """Return what `render` gives, once for all trees that show the same scene; its arrays are read-only."""
    scene = render(seed, index, width=width, height=height)
    for part in fields(scene):
        value = getattr(scene, part.name)
        for array in value.values() if isinstance(value, dict) else [value]:
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
    return scene


def native_mask(scene: RenderedScene, facts: LabelSetFacts, *, other: int) -> NDArray[np.uint8]:
    """Return the scene's mask in native ids, uint8 (H, W).

    Args:
        scene: as rendered.
        facts: the imitated label set.
        other: id of everything that the dataset has no class for, such as its unlabeled class.
    """
    table = reverse_table(LabelMap.of(dataset_card(_RENDERED).label_sets["semantic"]), LabelMap.of(facts))
    table[table == IGNORE] = other
    return np.asarray(table[scene.semantic], np.uint8)


def native_boxes(scene: RenderedScene, facts: LabelSetFacts) -> list[NamedBox]:
    """Return the scene's boxes with native class names, those without a counterpart left out."""
    own = LabelMap.of(facts)
    table = reverse_table(LabelMap.of(dataset_card(_RENDERED).label_sets["boxes"]), own)
    return [
        (own.native[int(table[label])], (box[0], box[1], box[2], box[3]))
        for label, box in zip(scene.labels, scene.boxes.tolist(), strict=True)
        if table[label] != IGNORE
    ]


def pixels_of(scene: RenderedScene, role: str, card: DatasetCard) -> Levels:
    """Return what a modality's or a mask's file of a fake tree holds: (H, W), or (H, W, C) as the card says.

    Cameras that the renderer does not have are imitated from what it has: sharp where the scene is, different in tone.
    Sixteen bits are filled with the eight that were rendered and, below them, numbers that eight bits cannot hold.
    """
    if role in card.label_sets:
        facts = card.label_sets[role]
        if facts.kind == "saliency":
            return scene.saliency
        unlabeled = [entry.id for entry in facts.classes if entry.unified in ("unlabeled", "other")]
        mask = native_mask(scene, facts, other=next(iter([*unlabeled, *facts.ignore_ids, facts.classes[0].id])))
        if (mask != mask[0, 0]).any():
            return mask
        # Rooms and materials have no counterpart in a street: its classes stand for theirs.
        ids = np.array([entry.id for entry in facts.classes], np.uint8)
        return np.asarray(ids[scene.semantic % len(ids)], np.uint8)
    plane = _plane(scene, role.partition("_")[0])
    camera = card.modalities[role]
    pixels = plane if plane.ndim == 3 or camera.channels == 1 else np.dstack([plane] * camera.channels)
    return pixels.astype(np.uint16) * _SIXTEEN_BIT_STEP if camera.bit_depth == 16 else pixels


def _plane(scene: RenderedScene, kind: str) -> NDArray[np.uint8]:
    red, green, blue = (scene.rgb[..., channel].astype(np.int64) for channel in range(3))
    below = np.linspace(30, 220, len(scene.rgb)).astype(np.int64)[:, np.newaxis]
    imitated = {
        "nir": (red + 3 * green) // 4,
        "swir": (3 * red + blue) // 4,
        "depth": (below + scene.semantic % 16),
        "event": np.abs(np.diff(green, axis=1, prepend=green[:, :1])),
    }
    if kind in ("rgb", "lightfield", "polarisation"):
        return scene.rgb
    return np.asarray(np.clip(imitated.get(kind, scene.lwir), 0, 255), np.uint8)
