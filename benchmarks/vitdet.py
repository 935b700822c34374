"""ViTDet's backbone against its formulas written out: forward pass and training step, time and memory."""

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks.literal.vitdet import VitDet as Literal
from benchmarks.networks import REFERENCE, peak_bytes
from benchmarks.ratio import Ratio, compare, of_pairs
from rgbtbench.zoo.parts.vit import VIT_SIZES
from rgbtbench.zoo.parts.vitdet import VitDet

#: Size of the network, height and width of the image, repeats.
CASES = (("vit_s", 384, 512, 3),)
_TOLERANCE = 1e-4


def run() -> list[Ratio]:
    """Compare them; time is that of the processor, on one thread."""
    torch.set_num_threads(1)
    results = []
    for name, height, width, repeats in CASES:
        torch.manual_seed(0)
        ours, literal = VitDet(VIT_SIZES[name], side=40), Literal(VIT_SIZES[name], side=40)
        for key, parameter in ours.named_parameters():
            if ".rel_pos_" in key:
                nn.init.normal_(parameter, std=0.1)
        literal.load_state_dict(ours.state_dict())
        image = torch.randn(1, 3, height, width)
        with torch.inference_mode():
            torch.testing.assert_close(ours(image), literal(image), rtol=_TOLERANCE, atol=_TOLERANCE)
        for what, action in (("forward", _forward), ("training step", _step)):
            both = [_bound(action, network, image) for network in (ours, literal)]
            label = f"ViTDet, {name} at {width}x{height}, {what}"
            timing = compare(label, *both, reference_name=REFERENCE, goal=1.0, repeats=repeats, clock=time.process_time)
            results.append(timing)
            peaks = tuple(peak_bytes(call) / 2**20 for call in both)
            results.append(of_pairs(f"{label}, memory", [peaks], reference_name=REFERENCE, unit="MiB", goal=1.0))
    return results


def _bound(action: Callable[[nn.Module, Tensor], None], network: nn.Module, image: Tensor) -> Callable[[], None]:
    return lambda: action(network, image)


def _forward(network: nn.Module, image: Tensor) -> None:
    with torch.inference_mode():
        network(image)


def _step(network: nn.Module, image: Tensor) -> None:
    network(image).square().mean().backward()
    network.zero_grad(set_to_none=True)
