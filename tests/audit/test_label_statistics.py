"""Label statistics of the planted dataset, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rgbtbench.audit.label_columns import HEAT, BoxColumns, MaskColumns
from rgbtbench.audit.label_statistics import HEIGHTS
from tests.audit.planted import BAD_BOXES, BOXES, HEIGHT, WIDTH


@pytest.fixture(scope="module")
def train(found):
    [one] = [one for one in found.splits if one.measures.title == "planted/train"]
    return {labels.label_set: labels for labels in one.labels}


def test_boxes_are_counted_by_class_scale_and_height(train):
    things = train["things"]
    [thing] = things.classes
    # 18 samples with the two usual boxes, `bad-boxes` with its six, and one without any.
    assert (things.images, things.empty, thing.images) == (20, 1, 19)
    assert thing.boxes == 18 * len(BOXES) + len(BAD_BOXES) == 42
    # 40 x 60 is medium, 20 x 20 small; of the bad ones 30 x 40 twice and none else is medium.
    assert thing.scales == (18 + 4 - 0, 18 + 2, 0)
    assert sum(thing.heights) == thing.boxes
    assert thing.heights[HEIGHTS.index(48)] == 18
    assert things.per_image[:7] == (1, 0, 18, 0, 0, 0, 1)


def test_masks_are_counted_by_images_and_pixels(train):
    background, thing = train["semantic"].classes
    assert (background.images, thing.images, train["semantic"].empty) == (20, 19, 1)
    assert thing.pixels == pytest.approx(19 * 60 * 40 / (20 * HEIGHT * WIDTH))


def test_counts_are_broken_down_by_attribute(train):
    things = train["things"].by_attribute["time_of_day"]
    assert set(things) == {"day", "night"}
    assert sum(value["thing"] for value in things.values()) == 42
    assert train["things"].images_by_attribute["time_of_day"] == {"day": 10, "night": 10}


def test_a_heat_map_counts_the_boxes_that_cover_a_cell():
    columns = BoxColumns()
    boxes = {"boxes_xyxy": [[0, 0, 80, 60], [40, 0, 80, 120]], "labels": [1, 1], "ignore": [False, True]}
    columns.add(0, boxes, WIDTH, HEIGHT)
    heat = columns.heat[1]
    assert heat.shape == HEAT
    assert heat[0, 0] == 1
    assert heat[0, HEAT[1] // 2 - 1] == 2
    assert heat[-1, HEAT[1] // 2 - 1] == 1
    assert heat[:, HEAT[1] // 2 :].sum() == 0
    assert (columns.widths, columns.heights, columns.ignored) == ([80, 40], [60, 120], [False, True])


def test_boxes_beyond_the_edge_warm_the_cells_of_the_edge_only():
    columns = BoxColumns()
    columns.add(0, {"boxes_xyxy": [[-50, -50, 0, 0], [500, 10, 600, 20]], "labels": [1, 1], "ignore": [0, 0]}, 160, 120)
    assert columns.heat[1][1:-1, 1:-1].sum() <= columns.heat[1].sum()


def test_parts_join_to_the_whole():
    rng = np.random.default_rng(0)
    masks = rng.integers(0, 4, (6, 40, 50), np.uint8)
    whole, first, second = MaskColumns(), MaskColumns(), MaskColumns()
    for place, mask in enumerate(masks):
        whole.add(place, mask)
        (first if place < 3 else second).add(place, mask)
    first.join(second)
    assert (first.images, first.sizes, first.pixels) == (whole.images, whole.sizes, whole.pixels)
    assert all(np.array_equal(first.heat[value], whole.heat[value]) for value in whole.heat)
    counted = {value: sum(count for _, count in found) for value, found in whole.pixels.items()}
    assert counted == {value: int((masks == value).sum()) for value in range(4)}
