"""A batch to measure with: noise in the shape of photographs."""

from __future__ import annotations

import numpy as np
import torch

from rgbtbench.cards.augmentations import Size
from rgbtbench.loading.batch import Batch
from rgbtbench.zoo.spec import ModelSpec


def noise_batch(spec: ModelSpec, size: Size, *, count: int = 1) -> Batch:
    """Return a batch of what a model is fed: uint8 noise from a fixed seed, three channels for `rgb`, one for others.

    Args:
        spec: of the model.
        size: height, width of the images.
        count: samples.
    """
    generator = np.random.default_rng(0)
    modalities = sorted(set(spec.inputs.values()))
    images = {
        name: torch.from_numpy(generator.integers(0, 256, (count, 3 if name == "rgb" else 1, *size), np.uint8))
        for name in modalities
    }
    return Batch(
        keys=tuple(f"noise{number}" for number in range(count)),
        images=images,
        present={name: torch.ones(count, dtype=torch.bool) for name in modalities},
        valid=torch.ones(count, dtype=torch.bool),
        pixel_mask=torch.ones((count, *size), dtype=torch.bool),
        sizes=torch.tensor([size] * count),
    )
