from __future__ import annotations

import pytest
import torch

from rgbtbench.zoo.parts.simple_fpn import LayerNorm2d, SimpleFpn


@pytest.mark.parametrize(("width", "count"), [(384, 3_298_144), (768, 5_560_000), (1024, 7_805_184)])
def test_it_has_the_parameters_of_detectron2s(width, count):
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in SimpleFpn(width).parameters()) == count


def test_levels_have_strides_from_4_to_64_and_the_last_one_takes_every_second_place():
    pyramid = SimpleFpn(16, outputs=8).eval()
    with torch.no_grad():
        levels = pyramid(torch.randn(2, 16, 6, 10))
    assert [tuple(level.shape) for level in levels] == [
        (2, 8, 24, 40), (2, 8, 12, 20), (2, 8, 6, 10), (2, 8, 3, 5), (2, 8, 2, 3),
    ]  # fmt: skip
    assert torch.equal(levels[4], levels[3][..., ::2, ::2])
    assert pyramid.strides == (4, 8, 16, 32, 64)
    assert SimpleFpn(16, stride=14, extra=False).strides == (3.5, 7, 14, 28)


def test_a_place_is_normalised_over_its_channels():
    norm = LayerNorm2d(6, eps=1e-5)
    features = torch.randn(2, 6, 3, 4)
    found = norm(features)
    mean, variance = features.mean(1, keepdim=True), features.var(1, keepdim=True, unbiased=False)
    torch.testing.assert_close(found, (features - mean) / (variance + 1e-5).sqrt())
