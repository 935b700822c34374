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
        taken: int64 (B, any number), patches that cannot be chosen.

    Returns:
        int64 (B, count), the chosen ones in the order of choice. Of patches that are equally near, the first is chosen.
    """
    free = cmss.clone() if taken is None else cmss.scatter(1, taken, torch.inf)
    chosen = torch.empty(len(cmss), count, dtype=torch.int64, device=cmss.device)
    for place in range(count):
        nearest = (free - values[:, place, None]).abs().argmin(dim=1, keepdim=True)
        free.scatter_(1, nearest, torch.inf)
        chosen[:, place, None] = nearest
    return chosen


def complementary_patches(
    cmss: Tensor, values: tuple[Tensor, Tensor], counts: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Choose patches for two modalities that share none: the first chooses first.

    Args:
        cmss: (B, L).
        values: for each modality (B, at least its count); see `nearest_patches`.
        counts: visible patches of each.

    Returns:
        int64 (B, count) for each modality.
    """
    first = nearest_patches(cmss, values[0], counts[0])
    return first, nearest_patches(cmss, values[1], counts[1], taken=first)


def hidden_patches(visible: Tensor, patches: int) -> Tensor:
    """Return bool (B, patches), False where a patch is among the visible ones, int64 (B, N)."""
    hidden = torch.ones(len(visible), patches, dtype=torch.bool, device=visible.device)
    return hidden.scatter_(1, visible, False)
