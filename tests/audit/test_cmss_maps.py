"""Where in the frame there is little to see."""

from __future__ import annotations

import numpy as np
import pytest

from rgbtbench.audit.cmss_maps import cmss_maps
from rgbtbench.audit.gradients import edges
from rgbtbench.audit.page import page
from rgbtbench.audit.structure import cmss_cells, structure
from rgbtbench.audit.tables import cmss_table


@pytest.fixture(scope="module")
def maps(found):
    return [cmss_maps(one.measures) for one in found.splits]


def test_cells_are_bright_where_an_image_is_flat_and_dark_where_it_is_not():
    noise = np.random.default_rng(1).integers(0, 256, (240, 320)).astype(np.uint8)
    noise[:, 160:] = 100
    cells = cmss_cells(edges(noise), edges(noise))
    assert cells.shape == (15, 20)
    assert cells[:, :9].max() < 0.2
    assert cells[:, 11:].min() > 0.9


def test_a_map_holds_the_cells_that_the_mean_and_the_histogram_are_of():
    one, other = np.random.default_rng(2).integers(0, 40, (2, 240, 320)).astype(np.uint8)
    cells, found = cmss_cells(edges(one), edges(other)), structure(edges(one), edges(other))
    assert cells.mean() == pytest.approx(found.cmss)
    np.testing.assert_array_equal(np.histogram(cells, len(found.histogram), (0, 1))[0], found.histogram)


def test_examples_go_from_the_lowest_mean_to_the_highest(found, maps):
    for one, parts in zip(found.splits, maps, strict=True):
        for part in parts:
            known = one.measures.structures[part.second].cmss
            means = [pair.mean for pair in part.pairs]
            assert means == sorted(means)
            assert means[0] == pytest.approx(np.nanmin(known), rel=1e-5)
            assert means[-1] == pytest.approx(np.nanmax(known), rel=1e-5)
            assert part.averaged == np.isfinite(known).sum()
            assert part.mean.mean() == pytest.approx(np.nanmean(known), rel=0.05)


def test_the_page_shows_maps_where_they_are_given(found, maps):
    assert "Where there is little to see" not in page(found)
    text = page(found, maps=maps)
    for one in found.splits:
        assert f"<h3>{one.measures.title}, " in text
    assert text.count('alt="mean CMSS over the frame"') == sum(map(len, maps))


def test_the_table_shares_out_all_cells(found):
    for row in cmss_table(found.splits).rows:
        assert sum(float(str(cell).removesuffix(" %")) for cell in row[2:]) == pytest.approx(100, abs=0.3)
