from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rgbtbench.zoo.m_specgene.cmss import normalised, patch_cmss
from rgbtbench.zoo.m_specgene.selection import complementary_patches, hidden_patches, nearest_patches

from .golden import golden, needs_golden


@needs_golden
@pytest.mark.parametrize("case", ["start", "mid", "late", "neg"])
def test_masks_are_exactly_those_of_the_authors_code(case):
    expected = golden("masking")
    tokens = (torch.from_numpy(expected[name]) for name in ("x", "x2"))
    cmss = normalised(patch_cmss(*tokens, variance="thermal_squared"))
    recorded = torch.from_numpy(expected[f"{case}/cmss"])
    torch.testing.assert_close(cmss, recorded, rtol=1e-5, atol=1e-7)
    values = tuple(torch.from_numpy(expected[f"{case}/noise{number}"]) for number in (1, 2))
    counts = tuple(int(expected[f"{case}/keep{number}"]) for number in (1, 2))
    visible = complementary_patches(recorded, values, counts)
    for number, found in enumerate(visible, start=1):
        np.testing.assert_array_equal(hidden_patches(found, 196), expected[f"{case}/mask{number}"])


def one_by_one(cmss: np.ndarray, values: np.ndarray, count: int) -> list[int]:
    """The rule as it is said: each value takes the nearest patch that is left."""
    left, chosen = list(range(len(cmss))), []
    for value in values[:count]:
        chosen.append(min(left, key=lambda patch: (abs(cmss[patch] - value), patch)))
        left.remove(chosen[-1])
    return chosen


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 6))
def test_all_images_at_once_choose_what_each_would_choose_one_by_one(seed, count):
    generator = np.random.default_rng(seed)
    # Few different values, so that there are ties.
    cmss, values = (generator.integers(0, 8, (3, 12)).astype(np.float32) / 8 for _ in range(2))
    found = nearest_patches(torch.from_numpy(cmss), torch.from_numpy(values), count)
    assert found.tolist() == [one_by_one(*rows, count) for rows in zip(cmss, values, strict=True)]


@given(seed=st.integers(0, 2**32 - 1), first=st.integers(0, 6), second=st.integers(0, 6))
def test_the_modalities_share_no_visible_patch_and_have_as_many_as_asked(seed, first, second):
    cmss, one, other = torch.rand(3, 2, 12, generator=torch.Generator().manual_seed(seed))
    visible = complementary_patches(cmss, (one, other), (first, second))
    for row in torch.cat(visible, dim=1).tolist():
        assert len(row) == len(set(row)) == first + second
