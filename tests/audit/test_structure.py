"""Which modality shows structure where, on images whose halves are known."""

from __future__ import annotations

import numpy as np
import pytest

from rgbtbench.audit.gradients import edges
from rgbtbench.audit.structure import structure

#: 320 pixels wide: the working size, so that cells are cells of the picture.
HEIGHT, WIDTH = 240, 320


def stripes():
    rows = (np.arange(HEIGHT)[:, None] // 5 + np.arange(WIDTH)[None] // 7) % 2
    return (rows * 160 + 40).astype(np.uint8)


def half(side):
    image = np.full((HEIGHT, WIDTH), 128, np.uint8)
    columns = slice(0, WIDTH // 2) if side == "left" else slice(WIDTH // 2, WIDTH)
    image[:, columns] = stripes()[:, columns]
    return image


def test_cells_are_counted_by_who_shows_something():
    found = structure(edges(half("left")), edges(half("right")))
    assert (found.both, found.first, found.second, found.neither) == pytest.approx((0, 0.5, 0.5, 0), abs=0.06)
    assert found.balance == pytest.approx(0, abs=0.05)
    alone = structure(edges(half("left")), edges(np.full((HEIGHT, WIDTH), 9, np.uint8)))
    assert alone.balance == 1
    assert alone.neither == pytest.approx(0.5, abs=0.06)


def test_flat_images_are_alike_and_structure_or_difference_lowers_cmss():
    flat = edges(np.full((HEIGHT, WIDTH), 77, np.uint8))
    striped = edges(stripes())
    assert structure(flat, flat).cmss == 1
    assert structure(striped, striped).cmss < 0.05
    assert structure(striped, flat).cmss < 0.05


def test_cmss_is_the_cosine_of_the_fields_over_the_variances():
    rng = np.random.default_rng(0)
    one, other = (edges(rng.integers(120, 132, (HEIGHT, WIDTH), np.uint8)) for _ in range(2))
    found = structure(one, other)
    rows, columns = HEIGHT // 16, WIDTH // 16

    def cells(values):
        return values.reshape(rows, 8, columns, 8).swapaxes(1, 2).reshape(rows, columns, -1)

    a, b = cells(one.half_field), cells(other.half_field)
    cosine = (a * b.conj()).real.sum(-1) / np.sqrt((abs(a) ** 2).sum(-1) * (abs(b) ** 2).sum(-1))
    variances = [cells(image.half_grey.astype(np.float64)).var(-1) for image in (one, other)]
    expected = np.sqrt((cosine + 1) / 2) / ((1 + variances[0] / 9) * (1 + variances[1] / 9))
    assert found.cmss == pytest.approx(expected.mean(), rel=1e-3)
    assert found.histogram.sum() == rows * columns
