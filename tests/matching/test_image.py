from __future__ import annotations

import numpy as np
import pytest

from rgbtbench.cards.matching import MatchingBlock
from rgbtbench.conditions.homography import seen_through
from rgbtbench.features.baselines import BASELINES
from rgbtbench.matching.image import match_pair

RULES = MatchingBlock(summary="made for tests", reference="rgb", warped="lwir", frame=(128, 160))
STILL = np.eye(3)


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (128, 160, 1), np.uint8)


def moved_by(right: float, down: float) -> np.ndarray:
    return np.array([[1.0, 0, right], [0, 1, down], [0, 0, 1]])


@pytest.mark.parametrize("name", BASELINES)
def test_one_image_against_itself_is_right_everywhere(name):
    grid = BASELINES[name](picture())
    found = match_pair(grid, grid, STILL, RULES)
    assert (found.matches, found.right, found.right_by_cells) == (80, (80,) * 4, 80)
    assert found.corner_error < 1e-6


@pytest.mark.parametrize("name", ["pixels", "gradients"])
def test_what_patches_show_is_found_where_it_went(name):
    # Three patches to the right and one up: 5 of 8 rows and columns stay, and there patches are the same.
    image, away = picture(), moved_by(48, -16)
    found = match_pair(BASELINES[name](image), BASELINES[name](seen_through(image, away)), away, RULES)
    inner = 7 * 7
    # Gradients at the border of what was moved differ; all else is equal.
    assert found.matches >= inner
    assert found.right[0] >= inner - 12
    assert found.corner_error < 1e-3


def test_pixels_that_moved_by_whole_patches_are_all_right():
    image, away = picture(), moved_by(48, -16)
    grids = [BASELINES["pixels"](one) for one in (image, seen_through(image, away))]
    found = match_pair(*grids, away, RULES)
    # Of 8 by 10 patches 7 by 7 are in both; a candidate that left may find a mutual neighbour only by being wrong.
    assert found.right == (49,) * 4
    assert found.right_by_cells == 49


def test_places_stay_where_they_were_and_are_wrong_by_as_much_as_the_content_moved():
    grid, away = BASELINES["places"](picture()), moved_by(32, 0)
    found = match_pair(grid, grid, away, RULES)
    assert found.matches == 8 * 8
    assert found.right == (0, 0, 0, 0)
    assert found.right_by_cells == 0
    assert found.corner_error == pytest.approx(32)


def test_a_hand_worked_example():
    # Two by two cells of 80 x 64 pixels; descriptors are unit vectors. The content moves right by 4 pixels, so that
    # matches of the same cell are 4 pixels off, and those of neighbours in a row 76 or 84.
    here = np.eye(4, dtype=np.float32).reshape(4, 2, 2)
    there = here[:, :, ::-1].copy()
    there[:, 1] = here[:, 1]
    found = match_pair(here, there, moved_by(4, 0), RULES)
    assert (found.matches, found.right) == (4, (0, 0, 2, 2))
    # 76 of 80 pixels are within a cell, 84 are not.
    assert found.right_by_cells == 3


def test_fill_is_no_candidate():
    image, away = picture(), moved_by(80, 0)
    found = match_pair(BASELINES["places"](image), BASELINES["places"](image), away, RULES)
    assert found.matches == 8 * 5


def test_grids_may_differ_in_size():
    coarse, fine = (
        np.random.default_rng(seed).standard_normal((4, *size)).astype(np.float32)
        for seed, size in ((0, (4, 5)), (1, (8, 10)))
    )
    assert 0 < match_pair(coarse, fine, STILL, RULES).matches <= 20


def test_nothing_to_see_gives_no_matches_and_no_homography():
    blank = np.zeros((4, 8, 10), np.float32)
    found = match_pair(blank, blank, STILL, RULES)
    assert (found.matches, found.corner_error) == (0, float("inf"))
