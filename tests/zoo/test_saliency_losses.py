from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from rgbtbench.zoo.saliency_losses import binary_cross_entropy, soft_iou

EVERYTHING = torch.ones((2, 5, 6), dtype=torch.bool)


@pytest.fixture
def maps():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 1, 5, 6, generator=generator)
    return logits, (torch.rand(2, 1, 5, 6, generator=generator) > 0.6).float()


def test_cross_entropy_is_torchs(maps):
    logits, masks = maps
    expected = F.binary_cross_entropy_with_logits(logits, masks)
    torch.testing.assert_close(binary_cross_entropy(logits, masks, EVERYTHING), expected)


def test_intersection_over_union_by_hand():
    """Chances 1/2 everywhere; 3 of 30 pixels are salient in the first image, none in the second."""
    logits, masks = torch.zeros(2, 1, 5, 6), torch.zeros(2, 1, 5, 6)
    masks[0, 0, 0, :3] = 1
    first = 1 - (1.5 + 1) / (15 + 3 - 1.5 + 1)
    second = 1 - (0 + 1) / (15 + 1)
    assert soft_iou(logits, masks, EVERYTHING).item() == pytest.approx((first + second) / 2)


def test_sure_and_right_costs_nothing_with_and_without_foreground():
    masks = torch.zeros(2, 1, 5, 6)
    masks[0, 0, 1:3] = 1
    logits = 200 * masks - 100
    for loss in (binary_cross_entropy, soft_iou):
        assert loss(logits, masks, EVERYTHING).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("loss", [binary_cross_entropy, soft_iou])
def test_pixels_and_images_that_count_nothing_change_nothing(loss, maps):
    logits, masks = maps
    known = EVERYTHING.clone()
    known[0, 3:], known[1] = False, False
    alone = loss(logits[:1, :, :3], masks[:1, :, :3], EVERYTHING[:1, :3])
    torch.testing.assert_close(loss(logits, masks, known), alone)
    assert loss(logits, masks, torch.zeros_like(known)).item() == 0
