from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn

from rgbtbench.zoo.parts.normalised_convolution import channels_last_on_processors, normalised_convolution


def layers(convolution, *, affine=True, tracked=True):
    """A convolution and a normalisation whose statistics and weights are of noise."""
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(convolution.out_channels, eps=1e-3, affine=affine, track_running_stats=tracked)
    with torch.no_grad():
        for name, tensor in norm.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand_like(tensor) + (0.5 if name in ("running_var", "weight") else 0))
    return nn.ModuleDict({"convolution": convolution, "norm": norm}).eval()


def joined(pair, features):
    return normalised_convolution(pair["convolution"], pair["norm"], features)


def apart(pair, features):
    return pair["norm"](pair["convolution"](features))


CONVOLUTIONS = {
    "biased": nn.Conv2d(4, 6, 3, stride=2, padding=1),
    "dilated, without bias": nn.Conv2d(4, 6, 3, padding=2, dilation=2, bias=False),
    "of two groups": nn.Conv2d(4, 6, 3, padding=1, groups=2),
    "transposed": nn.ConvTranspose2d(4, 6, 2, stride=2, bias=False),
    "transposed, biased": nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1),
}


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_outputs_and_gradients_are_those_of_both_layers_one_after_the_other(kind, affine):
    pair = layers(deepcopy(CONVOLUTIONS[kind]), affine=affine).double()
    found = {}
    for name, function in (("joined", joined), ("apart", apart)):
        features = torch.randn(2, 4, 9, 7, dtype=torch.double, generator=torch.Generator().manual_seed(1))
        output = function(pair, features.requires_grad_())
        found[name] = [output, *torch.autograd.grad(output.square().sum(), [features, *pair.parameters()])]
    torch.testing.assert_close(found["joined"], found["apart"])


@pytest.mark.parametrize("tracked", [True, False])
def test_statistics_of_the_batch_are_used_and_remembered_as_by_the_layer(tracked):
    one = layers(nn.Conv2d(4, 6, 3), tracked=tracked).train(tracked)
    other = deepcopy(one)
    features = torch.randn(2, 4, 9, 7)
    assert torch.equal(joined(one, features), apart(other, features))
    assert all(torch.equal(tensor, other.state_dict()[name]) for name, tensor in one.state_dict().items())


def test_what_happens_to_the_layers_between_calls_is_seen():
    pair, features = layers(nn.Conv2d(4, 6, 3)), torch.randn(1, 4, 9, 7)
    before = joined(pair, features)
    with torch.no_grad():
        pair["norm"].running_mean += 1
        pair["convolution"].weight *= 2
    torch.testing.assert_close(joined(pair, features), apart(pair, features))
    pair.train()
    joined(pair, features)
    pair.eval()
    torch.testing.assert_close(joined(pair, features), apart(pair, features))
    pair.load_state_dict(layers(nn.Conv2d(4, 6, 3)).state_dict())
    torch.testing.assert_close(joined(pair, features), apart(pair, features))
    assert not torch.allclose(before, joined(pair, features))
    assert list(pair.state_dict()) == list(layers(nn.Conv2d(4, 6, 3)).state_dict())


@pytest.mark.parametrize("autocast", [True, False])
def test_half_precision_gives_what_it_can(autocast):
    pair, features = layers(nn.Conv2d(4, 6, 3)), torch.randn(1, 4, 9, 7)
    expected = apart(pair, features)
    if not autocast:
        pair, features = pair.bfloat16(), features.bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        found = joined(pair, features)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), expected, rtol=0.03, atol=0.03)


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = layers(nn.Conv2d(4, 6, 3))

    def forward(self, features):
        return joined(self.layers, features)


@pytest.mark.parametrize("how", ["exported", "compiled"])
def test_it_is_traced_and_compiled(how):
    pair, features = Pair(), torch.randn(2, 4, 9, 7)
    with torch.no_grad():
        if how == "exported":
            traced = torch.export.export(pair, (features,)).module()
        else:
            traced = torch.compile(pair, backend="eager", fullgraph=True)
        torch.testing.assert_close(traced(features), apart(pair.layers, features))


@pytest.mark.parametrize("channels", [1, 3])
def test_images_and_what_convolutions_make_of_them_lie_channel_by_channel(channels):
    image = torch.randn(1, channels, 8, 6)
    ordered = channels_last_on_processors(image)
    assert torch.equal(ordered, image)
    assert nn.Conv2d(channels, 4, 3)(ordered).is_contiguous(memory_format=torch.channels_last)
