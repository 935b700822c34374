"""The mixture of Gaussians over CMSS: one iteration of EM on each batch, begun where the last one ended."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from rgbtbench.zoo.normalisation import sum_over_processes


@dataclass(frozen=True, slots=True)
class GaussianMixture:
    """K components in one dimension, each with mean, variance and weight; the weights add up to 1."""

    means: tuple[float, ...]
    variances: tuple[float, ...]
    weights: tuple[float, ...]

    @classmethod
    def starting_at(cls, means: Sequence[float]) -> Self:
        """Return the mixture before the first batch: variance 1, equal weights."""
        count = len(means)
        return cls(tuple(means), (1.0,) * count, (1 / count,) * count)

    @property
    def by_mean(self) -> GaussianMixture:
        """The same mixture, components by rising mean."""
        rows = sorted(zip(self.means, self.variances, self.weights, strict=True), key=lambda row: row[0])
        means, variances, weights = zip(*rows, strict=True)
        return GaussianMixture(means, variances, weights)

    def as_lists(self) -> dict[str, list[float]]:
        """Return plain data."""
        return {"means": list(self.means), "variances": list(self.variances), "weights": list(self.weights)}

    @classmethod
    def from_lists(cls, data: Mapping[str, Any]) -> Self:
        """Return the mixture that `as_lists` wrote down."""
        return cls(tuple(data["means"]), tuple(data["variances"]), tuple(data["weights"]))


@torch.no_grad()
def em_step(mixture: GaussianMixture, values: Tensor) -> GaussianMixture:
    """Return the mixture after one iteration of EM on some values, those of all processes together.

    Computed in float64 on logarithms of densities, so that a value far from every mean still belongs somewhere. A
    component that no value belongs to stays as it was; the smallest variance is that of float64.

    Args:
        mixture: to start from.
        values: of any shape.
    """
    flat = values.detach().double().flatten()
    means, variances, weights = (flat.new_tensor(part) for part in _parts(mixture))
    log_density = -0.5 * ((flat[:, None] - means) ** 2 / variances + variances.log() + math.log(2 * math.pi))
    share = (log_density + weights.log()).softmax(dim=1)
    sums = torch.stack((share.sum(dim=0), (share * flat[:, None]).sum(dim=0), torch.full_like(means, len(flat))))
    count, total, everything = sum_over_processes(sums)
    used = count > 0
    new_means = torch.where(used, total / count, means)
    spread = sum_over_processes((share * (flat[:, None] - new_means) ** 2).sum(dim=0))
    new_variances = torch.where(used, spread / count, variances).clamp(min=torch.finfo(torch.float64).tiny)
    result = torch.stack((new_means, new_variances, count / everything)).tolist()
    return GaussianMixture(tuple(result[0]), tuple(result[1]), tuple(result[2]))


def _parts(mixture: GaussianMixture) -> tuple[tuple[float, ...], ...]:
    return mixture.means, mixture.variances, mixture.weights
