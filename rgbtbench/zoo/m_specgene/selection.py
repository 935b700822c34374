"""From wanted CMSS values to patches: each takes the nearest that is still free."""

from __future__ import annotations

import torch
from torch import Tensor


@torch.no_grad()
def nearest_patches(cmss: Tensor, values: Tensor, count: int, *, taken: Tensor | None = None) -> Tensor:
    """Choose patches one after the other, in all images at once.

    Args:
        cmss: (B, L).
        values: (B, at least count), the wanted values in the order of choice.
        count: how many patches of each image.
        taken: bool (B, L), patches that cannot be chosen.

    Returns:
        bool (B, L), the chosen ones: `count` in each row. Of patches that are equally near the first is chosen.
    """
    free = cmss.clone()
    if taken is not None:
        free[taken] = torch.inf
    chosen = torch.zeros_like(cmss, dtype=torch.bool)
    for value in values[:, :count].T:
        nearest = (free - value[:, None]).abs().argmin(dim=1, keepdim=True)
        free.scatter_(1, nearest, torch.inf)
        chosen.scatter_(1, nearest, True)
    return chosen


@torch.no_grad()
def complementary_patches(
    cmss: Tensor, values: tuple[Tensor, Tensor], counts: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Choose patches for two modalities that share none: the first chooses first.

    Args:
        cmss: (B, L).
        values: for each modality (B, at least its count); see `nearest_patches`.
        counts: visible patches of each.

    Returns:
        bool (B, L) for each modality, True where the patch is visible.
    """
    first = nearest_patches(cmss, values[0], counts[0])
    return first, nearest_patches(cmss, values[1], counts[1], taken=first)
