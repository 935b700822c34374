"""How Mix Transformers and what is built around them begin."""

from __future__ import annotations

import math

from torch import nn


def initialise(module: nn.Module) -> None:
    """Initialise one layer as SegFormer does; pass it to `Module.apply`.

    Linear layers get a normal distribution of deviation 0.02 truncated at ±2, two-dimensional convolutions one of
    variance 2 / fan-out (connections per group), biases 0; normalisations keep factor 1 and offset 0.
    """
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
    elif isinstance(module, nn.Conv2d):
        fan_out = math.prod(module.kernel_size) * module.out_channels // module.groups
        nn.init.normal_(module.weight, std=math.sqrt(2.0 / fan_out))
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)
