"""Masks, CMSS and reconstructions of a batch as pictures, without a trace in the training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from rgbtbench.loading.batch import Batch
from rgbtbench.snapshots import SlotSnapshot, Snapshot
from rgbtbench.zoo.m_specgene.cmss import patch_cmss
from rgbtbench.zoo.m_specgene.config import SLOTS
from rgbtbench.zoo.m_specgene.selection import hidden_patches
from rgbtbench.zoo.parts.patches import as_standardised, to_image, to_patches
from rgbtbench.zoo.preprocess import Normalisation

if TYPE_CHECKING:
    from rgbtbench.zoo.m_specgene.model import MSpecGene

#: Chance is the same in every snapshot, so that masks differ by the masking's progress alone.
_SEED = 0


@torch.no_grad()
def take_snapshot(model: MSpecGene, batch: Batch, step: int) -> Snapshot:
    """Return what the network makes of a batch, masked as training masks now; no generator and no state moves."""
    config = model.config
    images = model.images(batch)
    tokens = model.tokens(images)
    devices = [batch.pixel_mask.device] if batch.pixel_mask.is_cuda else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(_SEED)
        visible = model.masker.peek(*tokens)
    cmss = patch_cmss(*tokens)
    slots = {}
    for slot, seen, pixels in zip(SLOTS, visible, model.reconstruct(tokens, visible), strict=True):
        patches = to_patches(images[slot], config.patch)
        hidden = hidden_patches(seen, patches.shape[1])
        made = torch.where(hidden[:, :, None], as_standardised(pixels.float(), patches), patches)
        rule = config.preprocess.normalisation.get(slot)
        slots[slot] = SlotSnapshot(
            image=_as_pixels(images[slot], rule),
            hidden=hidden.view(-1, *config.grid).cpu().numpy(),
            reconstruction=_as_pixels(to_image(made, config.grid, config.patch), rule),
        )
    shares = (cmss / cmss.amax(dim=1, keepdim=True)).view(-1, *config.grid)
    return Snapshot(step, batch.keys, shares.float().cpu().numpy(), slots)


def _as_pixels(image: Tensor, rule: Normalisation | None) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return a network's input (B, 3, H, W) as uint8 (B, H, W, 3)."""
    if rule is not None:
        mean, std = (image.new_tensor(part).view(1, -1, 1, 1) for part in (rule.mean, rule.std))
        image = image * std + mean
    return (255 * image).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
