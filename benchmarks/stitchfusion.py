"""StitchFusion against its formulas written out: forward pass and training step, time and memory."""

import torch
from torch import nn

from benchmarks.literal.stitchfusion import StitchFusion
from benchmarks.networks import against_literal
from benchmarks.ratio import Ratio
from rgbtbench.zoo.parts.mit import MIT_SIZES
from rgbtbench.zoo.registry import build

CLASSES = 9
#: Backbone, number of modalities beside colour, fusion, height and width of the images, repeats.
CASES = (("b0", 1, "sum", 480, 640, 3), ("b0", 3, "feature_cross", 240, 320, 3))


def run() -> list[Ratio]:
    results = []
    for backbone, extra, fusion, height, width, repeats in CASES:
        torch.manual_seed(0)
        config = {"backbone": backbone, "extra": extra, "fusion": fusion, "drop_path": 0.0}
        model = build("stitchfusion", config, task="semantic", classes={n: str(n) for n in range(CLASSES)})
        for module in model.modules():
            if isinstance(module, nn.Dropout | nn.Dropout2d):
                module.p = 0.0
        images = {slot: torch.randn(1, 3, height, width) for slot in model.spec.inputs}
        literal = StitchFusion(MIT_SIZES[backbone], 256, CLASSES, extra=extra, cross=fusion == "feature_cross")
        name = f"StitchFusion-{backbone}, {extra} beside colour, {fusion}, at {width}x{height}"
        results += against_literal(name, model, literal, images, repeats=repeats)
    return results
