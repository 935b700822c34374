"""CMX against its formulas written out: forward pass and training step, time and memory."""

import torch

from benchmarks.literal.cmx import Cmx
from benchmarks.networks import against_literal
from benchmarks.ratio import Ratio
from rgbtbench.zoo.parts.mit import MIT_SIZES
from rgbtbench.zoo.registry import build

CLASSES = 9
#: Backbone, width of the head, height and width of the images, repeats.
CASES = (("b0", 256, 240, 320, 5), ("b2", 512, 240, 320, 3))


def run() -> list[Ratio]:
    results = []
    for backbone, hidden, height, width, repeats in CASES:
        torch.manual_seed(0)
        config = {"backbone": backbone, "drop_path": 0.0}
        model = build("cmx", config, task="semantic", classes={number: str(number) for number in range(CLASSES)})
        model.decode_head.dropout.p = 0.0
        images = {slot: torch.randn(1, 3, height, width) for slot in ("rgb", "x")}
        literal = Cmx(MIT_SIZES[backbone], hidden, CLASSES)
        results += against_literal(f"CMX-{backbone} at {width}x{height}", model, literal, images, repeats=repeats)
    return results
