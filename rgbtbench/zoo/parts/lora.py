"""Low-rank adaptation of linear layers.

Hu, Shen, Wallis, Allen-Zhu, Li, Wang, Wang and Chen, "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor, nn


class LoraLinear(nn.Linear):
    """A linear layer whose weight is `weight + (alpha / rank) lora_up lora_down`.

    `lora_up` begins with zeros, so that the layer begins as it was.

    Args:
        layer: whose weight and bias are taken over.
        rank: of what is added.
        alpha: numerator of its factor.
    """

    def __init__(self, layer: nn.Linear, *, rank: int, alpha: float) -> None:
        super().__init__(layer.in_features, layer.out_features, bias=layer.bias is not None, device="meta")
        self.weight, self.bias = layer.weight, layer.bias
        self.scale = alpha / rank
        self.lora_down = nn.Parameter(layer.weight.new_empty((rank, layer.in_features)))
        self.lora_up = nn.Parameter(layer.weight.new_zeros((layer.out_features, rank)))
        nn.init.kaiming_uniform_(self.lora_down, a=math.sqrt(5))

    def forward(self, features: Tensor) -> Tensor:
        """Map (..., in_features) to (..., out_features)."""
        low = F.linear(F.linear(features, self.lora_down), self.lora_up)
        return F.linear(features, self.weight, self.bias) + self.scale * low


def folded(model: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a state in which the weights of adapted layers are what they add up to.

    Args:
        model: that the state is of.
        state: with the layers' `lora_down` and `lora_up`, which the result lacks.
    """
    result = dict(state)
    for name, layer in model.named_modules():
        if isinstance(layer, LoraLinear):
            down, up = result.pop(f"{name}.lora_down"), result.pop(f"{name}.lora_up")
            result[f"{name}.weight"] = result[f"{name}.weight"] + layer.scale * (up @ down)
    return result
