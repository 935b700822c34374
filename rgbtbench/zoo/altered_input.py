"""What a condition does to a network's input once it is normalised: zeros and noise, in what is no padding."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from rgbtbench.conditions.seeds import generator_of
from rgbtbench.conditions.steps import Missing, Noisy
from rgbtbench.loading.batch import Batch, content_sizes


def with_zeros(image: Tensor, batch: Batch, modality: str) -> Tensor:
    """Return a normalised input (B, C, H, W) with as many zeros as `Batch.zeroed` asks for.

    Which elements are lost depends on the sample's key, the modality and the share alone, never on the batch.
    """
    if modality not in batch.zeroed:
        return image
    lost = torch.zeros_like(image, dtype=torch.bool)
    sizes = _content_sizes(image, batch)
    for row, (share, (height, width)) in enumerate(zip(batch.zeroed[modality].tolist(), sizes, strict=True)):
        if share == 1:
            lost[row] = True
        elif share > 0:
            # float32 in the batch; the id holds the number as it was written.
            step = Missing(modality, "zero_norm", float(f"{share:g}"))
            drawn = generator_of(batch.keys[row], str(step)).random((image.shape[1], height, width), np.float32)
            lost[row, :, :height, :width] = torch.from_numpy(drawn < share).to(image.device)
    return image.masked_fill(lost, 0)


def with_noise(image: Tensor, batch: Batch, modality: str) -> Tensor:
    """Return a normalised input (B, C, H, W) with the noise that `Batch.noisy` asks for, as arXiv 2503.18445 adds it.

    Elements drawn with repetition become the highest value of the image, as many others the lowest; then normal noise
    is added. Padding keeps its values. All depends on the sample's key and the step alone, never on the batch.
    """
    if modality not in batch.noisy:
        return image
    result = image.clone()
    sizes = _content_sizes(image, batch)
    for row, ((density, deviation), (height, width)) in enumerate(
        zip(batch.noisy[modality].tolist(), sizes, strict=True)
    ):
        # float32 in the batch; the id holds the numbers as they were written.
        step = Noisy(modality, float(f"{density:g}"), float(f"{deviation:g}"))
        generator = generator_of(batch.keys[row], str(step))
        content = image[row, :, :height, :width].reshape(-1).clone()
        draws = math.ceil(step.density * content.numel() / 2)
        highest, lowest = content.max(), content.min()
        for extreme in (highest, lowest):
            content[torch.from_numpy(generator.integers(0, content.numel(), draws)).to(image.device)] = extreme
        added = generator.standard_normal(content.numel(), np.float32) * np.float32(step.deviation)
        content = content + torch.from_numpy(added).to(image)
        result[row, :, :height, :width] = content.reshape(image.shape[1], height, width)
    return result


def _content_sizes(image: Tensor, batch: Batch) -> list[tuple[int, int]]:
    """Return height and width of what is no padding in each input of a network; all of it where it was resized."""
    whole = (image.shape[-2], image.shape[-1])
    sizes = content_sizes(batch).tolist() if whole == batch.pixel_mask.shape[-2:] else [whole] * len(batch)
    return [(height, width) for height, width in sizes]
