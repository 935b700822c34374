from __future__ import annotations

import pytest
import torch
from torch import nn

from rgbtbench.zoo.parts.bottleneck import insert_bottlenecks


def test_a_layer_begins_as_it_was_and_what_it_gives_goes_through_the_bottleneck_beside_a_shortcut():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 5))
    x = torch.randn(2, 3, 6)
    before = model(x)
    insert_bottlenecks(model, {"2": 2})
    assert torch.equal(model(x), before)
    layer = model[2]
    nn.init.normal_(layer.adapter_up.weight)
    hidden = nn.functional.gelu(before @ layer.adapter_down.weight.T + layer.adapter_down.bias)
    torch.testing.assert_close(model(x), before + hidden @ layer.adapter_up.weight.T)


def test_only_linear_layers_have_one():
    with pytest.raises(TypeError, match="0 is no linear layer"):
        insert_bottlenecks(nn.Sequential(nn.ReLU()), {"0": 2})
