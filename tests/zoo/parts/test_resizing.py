"""Bilinear resizing: by products as by torch's own way."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from rgbtbench.zoo.parts.resizing import bilinear, bilinear_products

SIDES = st.integers(1, 40)


@given(SIDES, SIDES, SIDES, SIDES)
def test_products_are_the_interpolation_and_have_its_gradient(height, width, new_height, new_width):
    generator = torch.Generator().manual_seed(height * 41 + width)
    maps = torch.randn(2, 3, height, width, dtype=torch.float64, generator=generator)
    weights = torch.randn(2, 3, new_height, new_width, dtype=torch.float64, generator=generator)
    results = []
    for resize in (bilinear_products, bilinear):
        leaf = maps.clone().requires_grad_()
        resized = resize(leaf, (new_height, new_width))
        (resized * weights).sum().backward()
        results.append((resized, leaf.grad))
    torch.testing.assert_close(results[0], results[1], rtol=1e-9, atol=1e-9)


def test_a_row_by_hand():
    """Halves of pixels lie a quarter of a pixel to either side of its centre; beyond the outermost all is alike."""
    resized = bilinear_products(torch.tensor([[[[0.0, 4.0]]]]), (1, 4))
    assert resized.flatten().tolist() == [0.0, 1.0, 3.0, 4.0]


def test_half_precision_is_rounded_once():
    maps = torch.randn(1, 2, 15, 20, generator=torch.Generator().manual_seed(0)).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        resized = bilinear_products(maps, (120, 160))
    assert resized.dtype == torch.bfloat16
    exact = F.interpolate(maps.double(), (120, 160), mode="bilinear", align_corners=False)
    torch.testing.assert_close(resized.double(), exact, rtol=2**-8, atol=1e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU on this machine")
def test_a_gpu_has_the_same_gradient_every_time():
    from rgbtbench.training.devices import repeatable

    maps = torch.randn(4, 8, 30, 40, device="cuda", requires_grad=True)
    weights = torch.randn(4, 8, 120, 160, device="cuda")
    with repeatable(torch.device("cuda")):
        gradients = [torch.autograd.grad((bilinear(maps, (120, 160)) * weights).sum(), maps)[0] for _ in range(5)]
    plain = F.interpolate(maps, (120, 160), mode="bilinear", align_corners=False)
    assert all(torch.equal(gradient, gradients[0]) for gradient in gradients)
    torch.testing.assert_close(
        gradients[0], torch.autograd.grad((plain * weights).sum(), maps)[0], rtol=1e-4, atol=1e-4
    )
