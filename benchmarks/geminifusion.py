"""GeminiFusion against its formulas written out: forward pass and training step, time and memory."""

import torch

from benchmarks.literal.geminifusion import GeminiFusion
from benchmarks.networks import against_literal
from benchmarks.ratio import Ratio
from rgbtbench.zoo.parts.mit import MIT_SIZES
from rgbtbench.zoo.registry import build

CLASSES = 9
#: Backbone, number of modalities beside colour, height and width of the images, repeats.
CASES = (("b0", 1, 480, 640, 3), ("b0", 3, 240, 320, 3))


def run() -> list[Ratio]:
    results = []
    for backbone, extra, height, width, repeats in CASES:
        torch.manual_seed(0)
        config = {"backbone": backbone, "extra": extra, "drop_path": 0.0}
        model = build("geminifusion", config, task="semantic", classes={n: str(n) for n in range(CLASSES)})
        model.decode_head.dropout.p = 0.0
        images = {slot: torch.randn(1, 3, height, width) for slot in model.spec.inputs}
        literal = GeminiFusion(MIT_SIZES[backbone], 256, CLASSES, extra=extra)
        name = f"GeminiFusion-{backbone}, {extra} beside colour, at {width}x{height}"
        results += against_literal(name, model, literal, images, repeats=repeats)
    return results
