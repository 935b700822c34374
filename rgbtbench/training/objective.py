"""What is minimised: the terms that a model names, weighed as a recipe says."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from math import prod

import torch
from torch import Tensor

from rgbtbench.errors import RecipeError, did_you_mean


def total_loss(terms: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """Return the sum of the terms, each times the weights of all patterns that match its name.

    Args:
        terms: name to scalar, as a model gives them.
        weights: name of a term, or a pattern, to a factor.

    Raises:
        RecipeError: a pattern matches no term.
    """
    for pattern in weights:
        if not any(fnmatchcase(name, pattern) for name in terms):
            raise RecipeError(f"losses.weights: no term {pattern!r} of the loss", remedy=did_you_mean(pattern, terms))
    weighed = [
        term * prod(weight for pattern, weight in weights.items() if fnmatchcase(name, pattern))
        for name, term in terms.items()
    ]
    return torch.stack(weighed).sum()
