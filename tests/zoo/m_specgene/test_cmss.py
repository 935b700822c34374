from __future__ import annotations

import numpy as np
import pytest
import torch

from rgbtbench.structural_sparsity import structural_sparsity
from rgbtbench.zoo.m_specgene.cmss import normalised, patch_cmss

from .golden import golden, needs_golden


@needs_golden
@pytest.mark.parametrize(("variance", "name"), [("symmetric", "symmetric"), ("thermal_squared", "shipped")])
def test_it_is_that_of_the_authors_code(variance, name):
    expected = golden("cmss")
    tokens = (torch.from_numpy(expected[part])[None] for part in "ab")
    found = normalised(patch_cmss(*tokens, variance=variance))[0]
    np.testing.assert_allclose(found, expected[f"cmss_{name}"], rtol=1e-5)


def test_a_hand_worked_patch():
    # Variances 1 and 4 over (n - 1), cosine 1: sqrt((1 + 1) / 2) / (1 · 4).
    thermal, rgb = torch.tensor([[[-1.0, 0.0, 1.0]]]), torch.tensor([[[-2.0, 0.0, 2.0]]])
    assert patch_cmss(thermal, rgb).item() == pytest.approx(0.25)
    assert patch_cmss(thermal, rgb, variance="thermal_squared").item() == pytest.approx(1.0)
    assert patch_cmss(thermal, -rgb).item() == pytest.approx(0.0, abs=1e-3)


def test_swapping_the_modalities_changes_nothing_in_the_symmetric_form():
    first, second = torch.randn(2, 2, 5, 8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(patch_cmss(first, second), patch_cmss(second, first))


def test_arrays_and_tensors_have_one_formula():
    numbers = np.random.default_rng(2).random((3, 10))
    of_arrays = structural_sparsity(*numbers)
    np.testing.assert_allclose(structural_sparsity(*torch.from_numpy(numbers)), of_arrays, rtol=1e-12)


def test_no_gradient_goes_through_it():
    tokens = torch.randn(1, 4, 8, requires_grad=True, generator=torch.Generator().manual_seed(1))
    assert not patch_cmss(tokens, tokens * 2).requires_grad
