from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import norm

from rgbtbench.zoo.m_specgene.gaussian_mixture import GaussianMixture, em_step

from .golden import golden, needs_golden


@needs_golden
def test_ten_steps_are_those_of_the_authors_code():
    expected = golden("em")
    mixture = GaussianMixture(*(tuple(expected[part].tolist()) for part in ("mean0", "var0", "weight0")))
    for step in expected["steps"]:
        mixture = em_step(mixture, torch.from_numpy(expected["x"]))
        found = np.array([mixture.means, mixture.variances, mixture.weights])
        np.testing.assert_allclose(found, step, rtol=1e-5)


def test_no_step_makes_the_values_less_likely():
    generator = np.random.default_rng(3)
    values = np.concatenate([generator.normal(0.2, 0.05, 200), generator.normal(0.7, 0.1, 100)])
    mixture = GaussianMixture.starting_at([0.1, 0.5, 0.9])

    def likelihood() -> float:
        density = norm.pdf(values[:, None], mixture.means, np.sqrt(mixture.variances)) @ np.array(mixture.weights)
        return float(np.log(density).sum())

    before = likelihood()
    for _ in range(20):
        mixture = em_step(mixture, torch.from_numpy(values))
        after = likelihood()
        assert after >= before - 1e-9
        before = after
    assert sum(mixture.weights) == pytest.approx(1)


def test_values_that_lie_far_from_every_mean_leave_numbers_and_no_nan():
    narrow = GaussianMixture((0.01, 0.02, 0.03), (1e-8, 1e-8, 1e-8), (0.3, 0.3, 0.4))
    found = em_step(narrow, torch.tensor([1.0, 1.0]))
    assert np.isfinite([found.means, found.variances, found.weights]).all()
    assert sum(found.weights) == pytest.approx(1)


def test_it_is_written_down_as_plain_data_and_read_back():
    mixture = em_step(
        GaussianMixture.starting_at([0.3, 0.1]), torch.rand(50, generator=torch.Generator().manual_seed(1))
    )
    assert GaussianMixture.from_lists(mixture.as_lists()) == mixture
    assert list(mixture.by_mean.means) == sorted(mixture.means)
