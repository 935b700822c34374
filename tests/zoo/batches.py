"""Batches made by hand: no files, no loader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from rgbtbench.loading.batch import Batch, BoxTargets
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.registry import build


def make_batch(
    images: Mapping[str, torch.Tensor],
    *,
    content: tuple[int, int] | None = None,
    size: tuple[int, int] | None = None,
    valid: Sequence[bool] | None = None,
    semantic: torch.Tensor | None = None,
    boxes: tuple[BoxTargets, ...] | None = None,
) -> Batch:
    """Return a batch of the given images; `content` is what is not padding, `size` the original frame."""
    first = next(iter(images.values()))
    count, _, height, width = first.shape
    content = content or (height, width)
    mask = torch.zeros((count, height, width), dtype=torch.bool)
    mask[:, : content[0], : content[1]] = True
    return Batch(
        keys=tuple(f"sample-{index}" for index in range(count)),
        images=dict(images),
        present={name: torch.ones(count, dtype=torch.bool) for name in images},
        valid=torch.tensor([True] * count if valid is None else list(valid)),
        pixel_mask=mask,
        sizes=torch.tensor([size or content] * count),
        semantic=semantic,
        boxes=boxes,
    )


def random_images(count: int, height: int, width: int, *, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)

    def pixels(channels: int) -> torch.Tensor:
        return torch.randint(0, 256, (count, channels, height, width), generator=generator, dtype=torch.uint8)

    return {"rgb": pixels(3), "lwir": pixels(1)}


def varied_mfnet(classes: Mapping[int, str]) -> Model:
    """Return an MFNet with random weights whose statistics are of noise, so that pixels differ in their class."""
    torch.manual_seed(0)
    model = build("mfnet", {}, task="semantic", classes=classes).train()
    with torch.no_grad():
        for seed in range(20):
            model(make_batch(random_images(2, 48, 64, seed=seed), semantic=torch.zeros((2, 48, 64), dtype=torch.int64)))
    return model.eval()
