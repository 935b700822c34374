"""Bottleneck adapters behind linear layers.

Houlsby, Giurgiu, Jastrzebski, Morrone, de Laroussilhe, Gesmundo, Attariyan and Gelly, "Parameter-Efficient Transfer
Learning for NLP", ICML 2019.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor, nn


class BottleneckLinear(nn.Linear):
    """A linear layer followed by `y + adapter_up(gelu(adapter_down(y)))`.

    `adapter_up` begins with zeros, so that the layer begins as it was.

    Args:
        layer: whose weight and bias are taken over.
        width: of the bottleneck.
    """

    def __init__(self, layer: nn.Linear, *, width: int) -> None:
        super().__init__(layer.in_features, layer.out_features, bias=layer.bias is not None, device="meta")
        self.weight, self.bias = layer.weight, layer.bias
        self.adapter_down = nn.Linear(layer.out_features, width)
        self.adapter_up = nn.Linear(width, layer.out_features)
        nn.init.zeros_(self.adapter_up.weight)
        nn.init.zeros_(self.adapter_up.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Map (..., in_features) to (..., out_features)."""
        output = F.linear(features, self.weight, self.bias)
        added: Tensor = self.adapter_up(F.gelu(self.adapter_down(output)))
        return output + added


def insert_bottlenecks(model: nn.Module, widths: Mapping[str, int]) -> None:
    """Put an adapter behind linear layers.

    Args:
        model: is changed.
        widths: name of a linear layer to the width of its bottleneck.
    """
    for name, width in widths.items():
        layer = model.get_submodule(name)
        if not isinstance(layer, nn.Linear):
            raise TypeError(f"{name} is no linear layer")
        model.set_submodule(name, BottleneckLinear(layer, width=width))
