from __future__ import annotations

import math

import pytest
import torch

from rgbtbench.zoo.box_losses import focal_loss, giou_loss


def test_giou_by_hand():
    """Boxes of area 4 that share 1 of 7, in a hull of 9; and boxes apart by one, in a hull of 3 x 1."""
    boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 1.0, 1.0]])
    targets = torch.tensor([[1.0, 1.0, 3.0, 3.0], [2.0, 0.0, 3.0, 1.0]])
    expected = (1 - (1 / 7 - 2 / 9)) + (1 - (0 - 1 / 3))
    assert giou_loss(boxes, targets, count=torch.tensor(4)).item() == pytest.approx(expected / 4, rel=1e-5)


def test_focal_loss_by_hand():
    """A positive with chance 0.9 and a negative with chance 0.2, weighted 0.25 and 0.75."""
    logits = torch.tensor([[math.log(9.0)], [math.log(0.25)]])
    expected = -0.25 * 0.1**2 * math.log(0.9) - 0.75 * 0.2**2 * math.log(0.8)
    found = focal_loss(logits, torch.tensor([[1.0], [0.0]]), count=torch.tensor(1))
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_nothing_positive_gives_a_finite_loss_without_boxes():
    none = torch.zeros((0, 4))
    assert giou_loss(none, none, count=torch.tensor(0)).item() == 0
    assert focal_loss(torch.zeros((3, 2)), torch.zeros((3, 2)), count=torch.tensor(0)).isfinite()
