"""The labels of a rendered scene in the native classes of another dataset: what fake trees are labelled with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards import dataset_card
from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.formats.write_boxes import NamedBox
from rgbtbench.labels import IGNORE, LabelMap, reverse_table
from rgbtbench.synthesis.render import RenderedScene

_RENDERED = "synthetic"


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
