"""MFNet against its formulas written out: forward pass and training step, time and memory."""

import torch

from benchmarks.literal.mfnet import WIDTHS
from benchmarks.literal.mfnet import MFNet as Literal
from benchmarks.networks import against_literal
from benchmarks.ratio import Ratio
from rgbtbench.zoo.registry import build

CLASSES = 9
#: Images, their height and width, repeats.
CASES = ((1, 480, 640, 5), (8, 192, 256, 5))


def run() -> list[Ratio]:
    results = []
    for count, height, width, repeats in CASES:
        torch.manual_seed(0)
        model = build("mfnet", {}, task="semantic", classes={number: str(number) for number in range(CLASSES)})
        images = {stream: torch.rand(count, widths[0], height, width) for stream, widths in WIDTHS.items()}
        name = f"MFNet, {count} of {width}x{height}"
        results += against_literal(name, model, Literal(CLASSES), images, repeats=repeats)
    return results
