"""M-SpecGene's pre-training at ViT-B: what its masking costs a step, and the choice of patches against a plain loop."""

import time
from collections.abc import Callable

import torch

from benchmarks.ratio import Ratio, compare, of_pairs
from rgbtbench.loading.batch import Batch
from rgbtbench.zoo.m_specgene.selection import nearest_patches
from rgbtbench.zoo.registry import build

BATCH, SIDE, REPEATS = 8, 224, 5
#: The masking may add a tenth to a step.
GOAL = 1 / 1.1


def run() -> list[Ratio]:
    torch.manual_seed(0)
    ours, reference = step("gmm_cmss"), step("independent")
    pairs = [(processor_seconds(ours), processor_seconds(reference)) for _ in range(1 + REPEATS)][1:]
    return [
        of_pairs(
            f"training step of ViT-B with GMM-CMSS masking, {BATCH} pairs",
            pairs,
            reference_name="hiding as many patches by chance, as MAE does; processor time",
            unit="s",
            goal=GOAL,
        ),
        choice(),
    ]


def processor_seconds(action: Callable[[], object]) -> float:
    """Time of all threads together: steps of many seconds are not alone on a machine."""
    begin = time.process_time()
    action()
    return time.process_time() - begin


def step(masking: str) -> Callable[[], object]:
    """Return a whole training step: forward, backward, optimiser."""
    model = build("m_specgene", {"masking": {"name": masking}}, task="pretraining", classes={}).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)
    images = {"rgb": torch.randint(0, 256, (BATCH, 3, SIDE, SIDE), dtype=torch.uint8)}
    images["lwir"] = torch.randint(0, 256, (BATCH, 1, SIDE, SIDE), dtype=torch.uint8)
    there = torch.ones(BATCH, dtype=torch.bool)
    batch = Batch(
        keys=tuple(map(str, range(BATCH))),
        images=images,
        present=dict.fromkeys(images, there),
        valid=there,
        pixel_mask=torch.ones(BATCH, SIDE, SIDE, dtype=torch.bool),
        sizes=torch.full((BATCH, 2), SIDE),
    )

    def take() -> None:
        model.begin_step(0.0)
        torch.stack(list(model(batch).values())).sum().backward()
        optimiser.step()
        optimiser.zero_grad()

    return take


def choice() -> Ratio:
    """Return how fast patches of 128 images are chosen all at once, against image by image and patch by patch."""
    cmss, values = torch.rand(2, 128, 196)

    def one_by_one() -> None:
        for row, wanted in zip(cmss.tolist(), values.tolist(), strict=True):
            left = list(range(len(row)))
            for value in wanted[:19]:
                left.remove(min(left, key=lambda patch, row=row, value=value: abs(row[patch] - value)))

    return compare(
        "choice of 19 of 196 patches in 128 images",
        lambda: nearest_patches(cmss, values, 19),
        one_by_one,
        reference_name="image by image, patch by patch",
        goal=2.0,
    )
