from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from rgbtbench.zoo.parts.mspa import POOLS, MspaBlock, mean_around

from ..references import needs_references, outputs


@needs_references
@torch.no_grad()
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_the_block_is_that_of_the_authors_code(memory_format):
    reference = outputs("cmnext")
    prefix = "mspa_sd::"
    state = {
        name.removeprefix(prefix): torch.from_numpy(reference[name])
        for name in reference.files
        if name.startswith(prefix)
    }
    hidden, width = state["mlp.fc1.weight"].shape[:2]
    block = MspaBlock(width, ratio=hidden // width, drop_path=0.0).eval()
    block.load_state_dict(state)
    features = torch.from_numpy(reference["mspa_x"]).contiguous(memory_format=memory_format)
    np.testing.assert_allclose(block(features), reference["mspa_out"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("side", POOLS)
@pytest.mark.parametrize("size", [(12, 17), (3, 20), (2, 2), (1, 5)])
def test_the_mean_around_a_place_leaves_out_what_lies_outside(side, size):
    features = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = F.avg_pool2d(features, side, stride=1, padding=side // 2, count_include_pad=False)
    torch.testing.assert_close(mean_around(features, side), expected)
    row, column, around = size[0] - 1, 0, side // 2
    by_hand = features[1, 2, max(0, row - around) :, : column + around + 1].mean()
    torch.testing.assert_close(mean_around(features, side)[1, 2, row, column], by_hand)


def test_gates_and_scales_begin_small_and_every_part_learns():
    torch.manual_seed(0)
    block = MspaBlock(8, ratio=4, drop_path=0.0)
    assert (block.layer_scale_1 == 1e-2).all()
    assert (block.layer_scale_2 == 1e-2).all()
    block(torch.randn(2, 8, 6, 6)).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in block.parameters() if parameter is not block.norm1.bias)
