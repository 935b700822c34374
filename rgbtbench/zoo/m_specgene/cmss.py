"""CMSS of the tokens of two modalities: how little there is to see in a patch."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from rgbtbench.structural_sparsity import structural_sparsity
from rgbtbench.zoo.normalisation import greatest_over_processes

Variance = Literal["symmetric", "thermal_squared"]


@torch.no_grad()
def patch_cmss(thermal: Tensor, rgb: Tensor, *, variance: Variance = "symmetric") -> Tensor:
    """Return the CMSS of each patch before normalisation.

    Args:
        thermal: tokens (B, L, D), position embedding included; no gradient goes through them.
        rgb: likewise.
        variance: `symmetric` divides by the product of both tokens' variances, as the paper means it;
            `thermal_squared` by the square of the thermal token's, as the released code does.

    Returns:
        float32 (B, L), positive.
    """
    first, second = thermal.detach().float(), rgb.detach().float()
    cosine = F.cosine_similarity(first, second, dim=-1).clamp(-1, 1)
    own = first.var(dim=-1)
    return structural_sparsity(cosine, own, own if variance == "thermal_squared" else second.var(dim=-1))


def normalised(cmss: Tensor) -> Tensor:
    """Return CMSS (B, L) over the largest in the whole batch, that of all processes together: above 0, at most 1."""
    return cmss / greatest_over_processes(cmss.flatten(), 1)
