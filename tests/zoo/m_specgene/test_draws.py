from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from rgbtbench.zoo.m_specgene.draws import draw_values, sampling_density
from rgbtbench.zoo.m_specgene.gaussian_mixture import GaussianMixture

from .golden import golden, needs_golden

MIXTURE = GaussianMixture((0.8, 0.2, 0.5), (0.04, 0.01, 0.02), (0.2, 0.5, 0.3))


@needs_golden
@pytest.mark.parametrize(("number", "sign"), [(1, 1), (2, -1)])
@pytest.mark.parametrize("case", ["start", "mid", "late", "neg"])
def test_what_the_authors_code_drew_is_of_this_density(case, number, sign):
    said = golden("masking")
    mixture = GaussianMixture(*(tuple(said[f"{case}/gmm_{part}"].tolist()) for part in ("mean", "var", "weight")))
    density = sampling_density(
        mixture, said[f"{case}/sample_range"].tolist(), mean_bias=sign * float(said[f"{case}/bias"])
    )
    drawn = said[f"{case}/noise{number}"].flatten()
    ends = np.cumsum([int(len(drawn) * share) for share in density.shares[:-1]])
    for part, mean, deviation in zip(np.split(drawn, ends), density.means, density.deviations, strict=True):
        assert kstest((part - mean) / deviation, "norm").pvalue > 0.001 if len(part) else True


def test_variances_lie_between_those_of_the_components_and_shares_are_renormalised():
    density = sampling_density(MIXTURE, [0.2, 0.35], mean_bias=0.0)
    np.testing.assert_allclose(np.square(density.deviations), [0.01, 0.015])
    np.testing.assert_allclose(density.shares, [0.5 / 0.8, 0.3 / 0.8])
    # Below the smallest mean towards the variance of 0.01 at 0, outside as at the ends.
    np.testing.assert_allclose(np.square(sampling_density(MIXTURE, [2.0], mean_bias=0.0).deviations), [0.04])
    np.testing.assert_allclose(np.square(sampling_density(MIXTURE, [0.0], mean_bias=-0.1).deviations), [0.01])


def test_one_modality_draws_above_the_means_and_the_other_below():
    means = [sampling_density(MIXTURE, [0.4], mean_bias=bias).means[0] for bias in (0.1, -0.1)]
    np.testing.assert_allclose(means, [0.5, 0.3])


@pytest.mark.parametrize("mixed", [True, False])
def test_drawn_values_have_the_density_s_mean_and_equal_seeds_give_equal_values(mixed):
    density = sampling_density(MIXTURE, [0.2, 0.5, 0.8], mean_bias=0.0)

    def draw() -> torch.Tensor:
        torch.manual_seed(4)
        return draw_values(density, (40, 500), device=torch.device("cpu"), mixed=mixed)

    values = draw()
    assert torch.equal(values, draw())
    assert values.mean().item() == pytest.approx(0.5 * 0.2 + 0.3 * 0.5 + 0.2 * 0.8, abs=0.01)
    # Without mixing the first images are of the first component alone.
    assert (values[:20].mean().item() == pytest.approx(0.2, abs=0.01)) is not mixed
