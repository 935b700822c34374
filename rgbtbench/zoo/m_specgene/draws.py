"""Which CMSS the visible patches shall have: values drawn from the mixture with its means moved by the schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from rgbtbench.zoo.m_specgene.gaussian_mixture import GaussianMixture

#: Variance of the component at 0 that takes no part but holds the variance of small means.
_VARIANCE_AT_ZERO: Final = 0.01


@dataclass(frozen=True, slots=True)
class SamplingDensity:
    """Sum of Gaussians that CMSS values are drawn from.

    Attributes:
        means, deviations: of each component.
        shares: of the values, adding up to 1.
    """

    means: tuple[float, ...]
    deviations: tuple[float, ...]
    shares: tuple[float, ...]


def sampling_density(mixture: GaussianMixture, means: Sequence[float], *, mean_bias: float) -> SamplingDensity:
    """Return the density of the paper's figure, the sum of `pi_k N(mu_k + mu_bias, sigma_k)`.

    The active means take the weights of the mixture's components in rising order, and the variance that the mixture
    has at their place, between the components linearly.

    Args:
        mixture: as fitted.
        means: active ones, from the schedule; at most as many as components.
        mean_bias: added to each: for one modality the schedule's, for the other its opposite.
    """
    ordered = GaussianMixture(
        (*mixture.means, 0.0), (*mixture.variances, _VARIANCE_AT_ZERO), (*mixture.weights, 0.0)
    ).by_mean
    moved = np.asarray(means, np.float64) + mean_bias
    variances = np.interp(moved, ordered.means, ordered.variances)
    weights = np.asarray(ordered.weights[1 : len(means) + 1])
    # Where no value belongs to the components that are asked for, none of them can claim more than the others.
    shares = weights / weights.sum() if weights.sum() > 0 else np.full(len(means), 1 / len(means))
    return SamplingDensity(tuple(moved.tolist()), tuple(np.sqrt(variances).tolist()), tuple(shares.tolist()))


def draw_values(density: SamplingDensity, shape: tuple[int, int], *, device: torch.device, mixed: bool) -> Tensor:
    """Return values drawn from a density with torch's generator of the device.

    Args:
        density: to draw from.
        shape: images, values for each.
        device: of the result.
        mixed: every image gets values of every component. Else the components fill the images one after the other, as
            in the released code.

    Returns:
        float32 of `shape`.
    """
    total = shape[0] * shape[1]
    counts = [int(total * share) for share in density.shares[:-1]]
    counts.append(total - sum(counts))
    component = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts)).to(device)
    if mixed:
        component = component[torch.randperm(total, device=device)]
    means, deviations = (torch.tensor(part, device=device) for part in (density.means, density.deviations))
    return (means[component] + deviations[component] * torch.randn(total, device=device)).view(shape)
