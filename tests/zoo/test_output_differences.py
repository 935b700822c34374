"""How far outputs are apart: place by place, or row by row in any order."""

from __future__ import annotations

import math

import pytest
import torch

from rgbtbench.zoo.output_differences import largest_difference


@pytest.fixture
def rows():
    """Boxes (2, 300, 4) and scores (2, 300, 3), the last hundred of each image empty."""
    generator = torch.Generator().manual_seed(0)
    boxes, scores = (torch.rand((2, 300, width), generator=generator) for width in (4, 3))
    boxes[:, 200:], scores[:, 200:] = 0, 0
    return 100 * boxes / boxes.max(), scores / scores.max()


def changed(outputs, rows, *, by):
    boxes, scores = (output.clone() for output in outputs)
    scores[1, rows] += by
    return boxes, scores


def test_a_difference_is_relative_to_the_largest_value_of_its_output():
    wanted = [torch.tensor([[200.0, -100.0]]), torch.tensor([[0.5]])]
    found = [torch.tensor([[200.0, -102.0]]), torch.tensor([[0.501]])]
    assert largest_difference(found, wanted, ranked=False) == pytest.approx(0.01)
    found[1] = torch.tensor([[0.4]])
    assert largest_difference(found, wanted, ranked=False) == pytest.approx(0.2)


def test_ranked_rows_are_the_same_in_any_order_of_an_image(rows):
    order = torch.randperm(300, generator=torch.Generator().manual_seed(1))
    mixed = [output[:, order] for output in rows]
    assert largest_difference(mixed, rows, ranked=True) == 0
    assert largest_difference(mixed, rows, ranked=False) > 0.5
    # Those of another image are others.
    assert largest_difference([output.flip(0) for output in rows], rows, ranked=True) > 0.05


def test_of_ranked_rows_a_hundredth_may_be_others(rows):
    assert largest_difference(changed(rows, slice(0, 2), by=9.0), rows, ranked=True) == 0
    assert largest_difference(changed(rows, slice(0, 3), by=9.0), rows, ranked=True) == pytest.approx(9, abs=1)
    assert largest_difference(changed(rows, slice(0, 200), by=0.001), rows, ranked=True) == pytest.approx(
        0.001, rel=0.01
    )


@pytest.mark.parametrize("left", [0, 100, 190])
def test_rows_that_are_left_out_or_added_are_differences(rows, left):
    fewer = [torch.cat((output[:, :left], 0 * output[:, left:]), dim=1) for output in rows]
    assert largest_difference(fewer, rows, ranked=True) > 0.05
    assert largest_difference(rows, fewer, ranked=True) > 0.05


@pytest.mark.parametrize("ranked", [True, False])
def test_other_shapes_and_what_is_no_number_differ_without_bound(rows, ranked):
    boxes, scores = rows
    assert largest_difference((boxes[:, :-1], scores[:, :-1]), rows, ranked=ranked) == math.inf
    assert largest_difference(changed(rows, 0, by=math.nan), rows, ranked=ranked) == math.inf
    assert largest_difference(rows, rows, ranked=ranked) == 0
