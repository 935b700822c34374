from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from rgbtbench.zoo.parts.frm_ffm import FeatureFusion, FeatureRectification
from rgbtbench.zoo.parts.joined_linear import joined_linear

from ..references import needs_references, outputs


def load(module: nn.Module, prefix: str) -> nn.Module:
    reference = outputs("cmx")
    names = [name for name in reference.files if name.startswith(prefix)]
    module.load_state_dict({name.removeprefix(prefix): torch.from_numpy(reference[name]) for name in names})
    return module.eval()


@pytest.fixture(params=[torch.contiguous_format, torch.channels_last])
def pair(request):
    reference = outputs("cmx")
    return [
        torch.from_numpy(reference[f"unit_{name}"]).contiguous(memory_format=request.param) for name in ("x1", "x2")
    ]


@needs_references
@torch.no_grad()
def test_rectification_is_that_of_the_authors_code(pair):
    first, second = load(FeatureRectification(16), "frm_sd::")(*pair)
    np.testing.assert_allclose(first, outputs("cmx")["frm_out1"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(second, outputs("cmx")["frm_out2"], rtol=1e-5, atol=1e-5)


@needs_references
@torch.no_grad()
def test_fusion_is_that_of_the_authors_code(pair):
    fused = load(FeatureFusion(16, 2), "ffm_sd::")(*pair)
    np.testing.assert_allclose(fused, outputs("cmx")["ffm_out"], rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_weights_of_one_half_average_what_the_other_modality_has():
    """With all layers zero every weight is 1/2, so that each modality takes half of the other."""
    module = FeatureRectification(4)
    for parameter in module.parameters():
        parameter.zero_()
    first, second = torch.randn(2, 1, 4, 3, 5, generator=torch.Generator().manual_seed(0))
    found = module(first, second)
    torch.testing.assert_close(found, (first + second / 2, second + first / 2))


@pytest.mark.parametrize("layer", [nn.Linear(10, 7), nn.Conv2d(10, 7, 1), nn.Conv2d(10, 7, 1, bias=False)])
def test_a_layer_on_two_inputs_is_the_layer_on_both_side_by_side(layer):
    first, second = torch.randn(2, 3, 6, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    joined = torch.cat((first, second), dim=2)
    expected = layer(joined) if isinstance(layer, nn.Linear) else layer(joined.mT[..., None])[..., 0].mT
    torch.testing.assert_close(joined_linear(first, second, layer), expected)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_fusion_learns_from_one_pair_what_it_learns_from_it_twice(memory_format):
    source = torch.Generator().manual_seed(0)
    one, asked = torch.randn(2, 1, 8, 4, 6, generator=source), torch.randn(1, 8, 4, 6, generator=source)
    module = FeatureFusion(8, 2).train()
    found = []
    for count in (1, 2):
        pair = [image.repeat(count, 1, 1, 1).requires_grad_() for image in one]
        back = asked.repeat(count, 1, 1, 1).contiguous(memory_format=memory_format)
        found.append(torch.autograd.grad(module(*pair), pair, back))
    for alone, twice in zip(*found, strict=True):
        torch.testing.assert_close(alone, twice[:1], rtol=1e-3, atol=1e-4)
