"""Cross-modality structural sparsity (CMSS) of M-SpecGene (Zhou et al., ICCV 2025): the formula alone, without torch.

High where two modalities look alike and are flat (sky, road), low where there is structure or they differ (objects).
"""

from __future__ import annotations

from typing import Protocol, Self, TypeVar


class Numbers(Protocol):
    """What NumPy's arrays and torch's tensors have in common here."""

    def __add__(self, other: float, /) -> Self: ...
    def __mul__(self, other: Self, /) -> Self: ...
    def __truediv__(self, other: Self | float, /) -> Self: ...
    def __pow__(self, other: float, /) -> Self: ...


T = TypeVar("T", bound=Numbers)


def structural_sparsity(cosine: T, first_spread: T, second_spread: T) -> T:
    """Return the CMSS of patches before any normalisation: `sqrt((cosine + 1) / 2) / (first_spread · second_spread)`.

    Args:
        cosine: of what describes a patch in each modality, -1 to 1; a NumPy array or a tensor.
        first_spread: how much the patch varies in the first modality, above 0; the paper takes the variance of a token.
        second_spread: likewise in the second modality.
    """
    return ((cosine + 1.0) / 2.0) ** 0.5 / (first_spread * second_spread)
