from __future__ import annotations

import numpy as np

from rgbtbench.matching.places import centres_of, shows_content, spacing_of


def test_centres_of_a_patch_of_16_lie_between_its_middle_pixels():
    centres = centres_of((30, 40), (480, 640))
    assert centres.shape == (1200, 2)
    assert centres[0].tolist() == [7.5, 7.5]
    assert centres[1].tolist() == [23.5, 7.5]
    assert centres[40].tolist() == [7.5, 23.5]
    assert centres[-1].tolist() == [631.5, 471.5]


def test_cells_may_be_of_any_shape():
    assert spacing_of((14, 14), (480, 640)).tolist() == [640 / 14, 480 / 14]
    assert np.allclose(centres_of((1, 1), (480, 640)), [[319.5, 239.5]])


def test_content_that_moved_away_leaves_fill():
    points = np.array([[0.0, 5.0], [9.4, 5.0], [9.6, 5.0], [31.0, 5.0]])
    moved = np.array([[1.0, 0, 10], [0, 1, 0], [0, 0, 1]])
    assert shows_content(points, moved, (24, 32)).tolist() == [False, False, True, True]
    assert shows_content(points, np.eye(3), (24, 32)).all()
