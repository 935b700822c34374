"""CMNeXt against its formulas written out: forward pass and training step, time and memory."""

import torch

from benchmarks.literal.cmnext import CmNext
from benchmarks.networks import against_literal
from benchmarks.ratio import Ratio
from rgbtbench.zoo.parts.mit import MIT_SIZES
from rgbtbench.zoo.registry import build

CLASSES = 9
#: Backbone, width of the head, number of modalities beside colour, height and width of the images, repeats.
CASES = (("b0", 256, 3, 240, 320, 5), ("b2", 512, 1, 240, 320, 3))


def run() -> list[Ratio]:
    results = []
    for backbone, hidden, extra, height, width, repeats in CASES:
        torch.manual_seed(0)
        config = {"backbone": backbone, "extra": extra, "drop_path": 0.0}
        model = build("cmnext", config, task="semantic", classes={number: str(number) for number in range(CLASSES)})
        model.decode_head.dropout.p = 0.0
        images = {slot: torch.randn(1, 3, height, width) for slot in model.spec.inputs}
        literal = CmNext(MIT_SIZES[backbone], hidden, CLASSES, extra=extra)
        name = f"CMNeXt-{backbone}, {extra} beside colour, at {width}x{height}"
        results += against_literal(name, model, literal, images, repeats=repeats)
    return results
