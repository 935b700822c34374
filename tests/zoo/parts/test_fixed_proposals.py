"""Proposals in fixed numbers, against those that are chosen image by image."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import nms

from rgbtbench.zoo.parts.fixed_proposals import fixed_proposals, survivors
from rgbtbench.zoo.parts.rpn import KEPT, anchors, proposals_of

from .test_matching import random_boxes

STRIDES = (8, 16)


def told(size, *, seed=0):
    """Return what a head says of two images: logits, told boxes and the anchors."""
    generator = torch.Generator().manual_seed(seed)
    levels = [torch.zeros((2, 1, -(-size[0] // stride), -(-size[1] // stride))) for stride in STRIDES]
    found = anchors(levels, STRIDES, scale=4, rounded=False)
    count = len(found.boxes)
    return torch.randn((2, count), generator=generator), torch.randn((2, count, 4), generator=generator), found


@pytest.mark.parametrize(
    ("size", "candidates", "most"),
    [
        pytest.param((40, 56), 1000, 400, id="fewer anchors than candidates"),
        pytest.param((400, 300), 1000, KEPT, id="more proposals than are kept"),
        pytest.param((200, 300), 30, 60, id="few candidates"),
    ],
)
def test_the_first_of_a_fixed_number_are_the_proposals_of_each_image_and_the_rest_is_zeros(size, candidates, most):
    logits, boxes, found = told(size)
    wanted = proposals_of(logits, boxes, found, extents=[size] * 2, candidates=candidates)
    proposals, there = fixed_proposals(logits, boxes, found, extent=size, candidates=candidates)
    assert proposals.shape == (2, KEPT, 4)
    for own, real, expected in zip(proposals, there, wanted, strict=True):
        assert 0 < len(expected) <= most
        assert real.tolist() == [True] * len(expected) + [False] * (KEPT - len(expected))
        assert torch.equal(own[real], expected)
        assert not own[~real].any()


def test_an_image_without_a_proposal_has_none():
    """Boxes that lie outside have no area once they are clipped."""
    logits, boxes, found = told((16, 16))
    boxes[0, :, 0] = 100.0
    proposals, there = fixed_proposals(logits, boxes, found, extent=(16, 16), candidates=10)
    assert not there[0].any()
    assert not proposals[0].any()
    assert there[1].any()


@given(st.integers(0, 40), st.integers(1, 3), st.integers(0, 999), st.floats(0.1, 0.9))
def test_survivors_are_those_of_each_image_by_itself(count, images, seed, overlap):
    boxes = torch.stack([random_boxes(count, seed + number, side=40) for number in range(images)])
    scores = torch.rand((images, count), generator=torch.Generator().manual_seed(seed))
    found = survivors(boxes, scores, overlap)
    wanted = [sorted(nms(box, score, overlap).tolist()) for box, score in zip(boxes, scores, strict=True)]
    assert [kept.nonzero()[:, 0].tolist() for kept in found] == wanted
