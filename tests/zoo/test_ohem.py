from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from rgbtbench.zoo.ohem import ohem_cross_entropy

from .batches import make_batch
from .references import needs_references, outputs

FIVE = torch.arange(5)


def loss_of(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    pixels = torch.zeros((len(labels), 3, *labels.shape[1:]), dtype=torch.uint8)
    return ohem_cross_entropy(logits, make_batch({"rgb": pixels}, semantic=labels), FIVE)


@needs_references
@pytest.mark.parametrize("case", ["ohem", "ohem_easy"])
def test_it_is_the_loss_of_delivers_code(case):
    """Of pixels without labels, many hard ones; and of pixels that are all easy."""
    reference = outputs("cmnext")
    loss = loss_of(*(torch.from_numpy(reference[name]) for name in (f"{case}_logits", "ohem_labels")))
    np.testing.assert_allclose(loss, reference[f"{case}_loss"], rtol=1e-4)


def logits_for(chances: list[float]) -> torch.Tensor:
    """Logits (1, 5, 1, N) that give class 0 these chances."""
    rest = [(1 - chance) / 4 for chance in chances]
    return torch.tensor([chances, rest, rest, rest, rest]).log().view(1, 5, 1, -1)


def test_pixels_that_are_surer_than_seven_tenths_are_left_out():
    labels = torch.zeros((1, 1, 4), dtype=torch.int64)
    loss = loss_of(logits_for([0.9, 0.71, 0.69, 0.2]), labels)
    assert loss.item() == pytest.approx(-(math.log(0.69) + math.log(0.2)) / 2, rel=1e-5)


def test_at_least_a_sixteenth_of_the_labelled_pixels_is_taken():
    chances = [0.9] * 30 + [0.8, 0.75] + [0.01] * 4
    labels = torch.zeros((1, 1, 36), dtype=torch.int64)
    labels[..., 32:] = 255
    loss = loss_of(logits_for(chances), labels)
    assert loss.item() == pytest.approx(-(math.log(0.8) + math.log(0.75)) / 2, rel=1e-5)


def test_without_a_labelled_pixel_loss_and_gradient_are_zero():
    logits = torch.randn((1, 5, 4, 4), generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = loss_of(logits, torch.full((1, 4, 4), 255))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()
