"""Colours of classes: the dataset's own where its card has them, evenly spread ones otherwise."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards import catalog
from rgbtbench.errors import UnknownNameError
from rgbtbench.labels import IGNORE, unified_space
from rgbtbench.loading.label_space import NATIVE, UNIFIED
from rgbtbench.loading.prepared import PreparedSplit

#: Red, green, blue from 0 to 255.
Colour = tuple[int, int, int]

BLACK: Final[Colour] = (0, 0, 0)
SALIENT: Final[Colour] = (255, 200, 0)
WRONG: Final[Colour] = (230, 30, 60)
UNSCORED: Final[Colour] = (128, 128, 128)
#: Name in the unified label space of what is no class; drawn as nothing.
_UNLABELED: Final = "unlabeled"
#: Steps by the golden ratio never come back to a hue that was used.
_HUE_STEP: Final = (5**0.5 - 1) / 2


def class_colours(split: PreparedSplit, label_set: str) -> dict[int, Colour]:
    """Return a colour for every class id of a label set, in the label space of `split`.

    Black stands for no class: overlays leave it transparent.

    Raises:
        ShardError: no such label set, or one without classes.
    """
    own = _card_colours(split.manifest.dataset, label_set) if split.label_space == NATIVE else {}
    colours: dict[int, Colour] = {}
    for place, number in enumerate(sorted(split.classes(label_set))):
        if number in own:
            colours[number] = own[number]
        else:
            colours[number] = BLACK if number in _unlabeled(split, label_set) else spread_colour(place)
    return colours


def spread_colour(place: int) -> Colour:
    """Return the colour of a place in a list: hues far apart, in three strengths."""
    lightness = (0.55, 0.42, 0.68)[place % 3]
    red, green, blue = colorsys.hls_to_rgb((place * _HUE_STEP) % 1.0, lightness, 0.75)
    return round(255 * red), round(255 * green), round(255 * blue)


def overlay(mask: NDArray[np.uint8], colours: Mapping[int, Colour]) -> NDArray[np.uint8]:
    """Return a mask as an image to lay over a photograph.

    Args:
        mask: uint8 (H, W) of class ids.
        colours: id to colour.

    Returns:
        uint8 (H, W, 4), RGBA: opaque where a class with a colour is, transparent elsewhere.
    """
    table = np.zeros((256, 4), np.uint8)
    for number, colour in colours.items():
        if colour != BLACK:
            table[number] = (*colour, 255)
    return table[mask]


def saliency_overlay(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a saliency mask or map, uint8 (H, W) of 0 to 255, as an overlay: the more salient, the more opaque."""
    return _shaded(mask, SALIENT)


def saliency_error_map(mask: NDArray[np.uint8], prediction: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return where a saliency map is wrong, as an overlay: the larger the difference, the more opaque."""
    return _shaded(np.maximum(mask, prediction) - np.minimum(mask, prediction), WRONG)


def _shaded(opacity: NDArray[np.uint8], colour: Colour) -> NDArray[np.uint8]:
    painted = np.empty((*opacity.shape, 4), np.uint8)
    painted[..., :3] = colour
    painted[..., 3] = opacity
    return painted


def error_map(label: NDArray[np.uint8], prediction: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return where a prediction is wrong, as an overlay: red where wrong, grey where nothing is scored.

    Args:
        label: uint8 (H, W), `IGNORE` where nothing is scored.
        prediction: uint8 (H, W), ids of the same label space.

    Returns:
        uint8 (H, W, 4), RGBA.
    """
    painted = np.zeros((*label.shape, 4), np.uint8)
    painted[label != prediction] = (*WRONG, 255)
    painted[label == IGNORE] = (*UNSCORED, 160)
    return painted


def hex_colour(colour: Colour) -> str:
    """Return `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _card_colours(dataset: str, label_set: str) -> dict[int, Colour]:
    try:
        sets = catalog.dataset_card(dataset).label_sets
    except UnknownNameError:
        # Prepared by a plugin that is not installed here: the shards hold all that is needed but the colours.
        return {}
    # Boxes rarely have colours of their own; a class looks alike in all sets of a dataset.
    by_name = {entry.name: entry.colour for facts in sets.values() for entry in facts.classes if entry.colour}
    own = sets[label_set].classes if label_set in sets else ()
    return {entry.id: colour for entry in own if (colour := entry.colour or by_name.get(entry.name))}


def _unlabeled(split: PreparedSplit, label_set: str) -> set[int]:
    nothing = unified_space().id_of(_UNLABELED)
    if split.label_space == UNIFIED:
        return {nothing}
    if split.label_space != NATIVE:
        return set()
    return {native for native, unified in split.label_map(label_set).unified.items() if unified == nothing}
