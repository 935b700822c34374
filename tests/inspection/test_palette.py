from __future__ import annotations

import numpy as np

from rgbtbench.cards import catalog
from rgbtbench.inspection.palette import (
    BLACK,
    UNSCORED,
    WRONG,
    class_colours,
    error_map,
    hex_colour,
    overlay,
    saliency_overlay,
    spread_colour,
)
from rgbtbench.loading.prepared import open_split


def test_a_class_has_the_colour_of_its_card(split):
    card = catalog.dataset_card("synthetic")
    expected = {entry.id: entry.colour for entry in card.label_sets["semantic"].classes}
    assert class_colours(split, "semantic") == expected


def test_boxes_take_the_colours_that_the_masks_have_for_the_same_class(split):
    masks, boxes = class_colours(split, "semantic"), class_colours(split, "boxes")
    names = split.classes("boxes")
    assert all(boxes[number] == masks[number] for number in names)


def test_unlabeled_has_no_colour_in_the_unified_space(prepared):
    unified = open_split(prepared, "test", label_space="unified")
    colours = class_colours(unified, "semantic")
    assert colours[0] == BLACK
    assert BLACK not in [colour for number, colour in colours.items() if number != 0]


def test_spread_colours_are_distinct():
    colours = [spread_colour(place) for place in range(60)]
    assert len(set(colours)) == 60
    assert all(0 <= channel <= 255 for colour in colours for channel in colour)


def test_an_overlay_shows_classes_and_leaves_the_rest_transparent():
    painted = overlay(np.array([[0, 1, 255]], np.uint8), {0: BLACK, 1: (10, 20, 30)})
    assert painted.tolist() == [[[0, 0, 0, 0], [10, 20, 30, 255], [0, 0, 0, 0]]]


def test_an_error_map_shows_what_is_wrong_and_what_is_not_scored():
    painted = error_map(np.array([[1, 1, 255]], np.uint8), np.array([[1, 2, 2]], np.uint8))
    assert painted.tolist() == [[[0, 0, 0, 0], [*WRONG, 255], [*UNSCORED, 160]]]


def test_the_more_salient_the_more_opaque():
    assert saliency_overlay(np.array([[0, 128, 255]], np.uint8))[..., 3].tolist() == [[0, 128, 255]]


def test_colours_are_written_as_browsers_read_them():
    assert hex_colour((255, 0, 16)) == "#ff0010"
