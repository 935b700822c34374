from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from rgbtbench.zoo.parts.positions import resized_positions, sin_cos_positions

from ..references import GOLDEN, needs_references


def test_sines_and_cosines_follow_the_formula():
    table = sin_cos_positions((2, 3), 8)
    row, column = 1, 2
    frequencies = [1.0, 10_000 ** (-1 / 2)]
    expected = [f(place * w) for place in (row, column) for f in (math.sin, math.cos) for w in frequencies]
    assert table[row * 3 + column].tolist() == pytest.approx(expected, abs=1e-6)


def test_mae_puts_the_column_first():
    table = sin_cos_positions((3, 3), 16)
    other = sin_cos_positions((3, 3), 16, first="column")
    transposed = table.view(3, 3, 16).transpose(0, 1).reshape(9, 16)
    assert torch.equal(other, transposed)


def test_widths_that_no_two_axes_share_are_refused():
    with pytest.raises(ValueError, match="multiple of 4"):
        sin_cos_positions((2, 2), 6)


def test_the_known_grid_keeps_its_table_and_any_other_keeps_the_prefix():
    table = torch.randn(1, 10, 4)
    assert resized_positions(table, (3, 3), known=(3, 3)) is table
    larger = resized_positions(table, (5, 4), known=(3, 3))
    assert larger.shape == (1, 21, 4)
    assert torch.equal(larger[:, :1], table[:, :1])


@needs_references
def test_interpolation_with_an_offset_is_dinov2s():
    recorded = np.load(GOLDEN / "models" / "spectradino" / "dinov2_posembed.npz")
    table = torch.from_numpy(recorded["pos_embed"])
    for name in set(recorded.files) - {"pos_embed"}:
        width, height = map(int, name.split("x"))
        for grid in {(height // 14, width // 14), (width // 14, height // 14)}:
            found = resized_positions(table, grid, known=(37, 37), offset=0.1)
            if np.allclose(found.numpy(), recorded[name], atol=1e-5):
                break
        else:
            pytest.fail(name)


@needs_references
def test_interpolation_without_offset_is_that_of_the_published_segmenter():
    recorded = np.load(GOLDEN / "models" / "m-specgene" / "tiny_seg.npz")
    found = resized_positions(torch.from_numpy(recorded["pos_in"]), (6, 6), known=(4, 4))
    np.testing.assert_allclose(found.numpy(), recorded["pos_out"], atol=1e-5)
