from __future__ import annotations

import torch
from torch import nn

from rgbtbench.zoo.parts.lora import LoraLinear, folded


def test_two_thin_matrices_are_added_by_alpha_over_rank():
    """By hand: W = I, down = (1, 2), up = (3, 0), alpha 8 and rank 1 make W + 8 (3, 0)ᵀ(1, 2)."""
    layer = nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(2))
        layer.bias.copy_(torch.tensor([0.5, -0.5]))
    adapted = LoraLinear(layer, rank=1, alpha=8)
    with torch.no_grad():
        adapted.lora_down.copy_(torch.tensor([[1.0, 2.0]]))
        adapted.lora_up.copy_(torch.tensor([[3.0], [0.0]]))
    x = torch.tensor([[1.0, 1.0], [0.0, -1.0]])
    assert adapted(x).tolist() == [[1 + 0.5 + 72, 0.5], [0.5 - 48, -1.5]]
    model = nn.Sequential(adapted)
    state = folded(model, model.state_dict())
    assert set(state) == {"0.weight", "0.bias"}
    assert state["0.weight"].tolist() == [[25, 48], [0, 1]]


def test_a_layer_begins_as_it_was_and_folds_to_the_function_that_it_has():
    torch.manual_seed(0)
    layer = nn.Linear(12, 7)
    x = torch.randn(3, 5, 12)
    before = layer(x)
    adapted = LoraLinear(layer, rank=4, alpha=2)
    assert torch.equal(adapted(x), before)
    nn.init.normal_(adapted.lora_up)
    model, plain = nn.Sequential(adapted), nn.Sequential(nn.Linear(12, 7))
    plain.load_state_dict(folded(model, model.state_dict()))
    assert not torch.allclose(model(x), before)
    torch.testing.assert_close(plain(x), model(x), rtol=1e-5, atol=1e-5)
