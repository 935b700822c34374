from __future__ import annotations

import pytest
import torch
from torchvision.models.swin_transformer import SwinTransformer

from rgbtbench.zoo.parts.swin import SWIN_SIZES, Swin, SwinSize, WindowAttention

from ..references import recipe_input, recipe_weights

SIZE = SwinSize(16, (2, 2, 2, 2), (1, 2, 4, 8), window=3)


def small():
    torch.set_num_threads(1)
    model = Swin(SIZE, drop_path=0.0)
    model.load_state_dict(recipe_weights(model.state_dict()))
    return model.eval()


def torchvisions(own):
    """The same encoder of torchvision, whose layers come in the same order, with the same weights."""
    other = SwinTransformer([4, 4], SIZE.width, list(SIZE.depths), list(SIZE.heads), [SIZE.window] * 2, num_classes=1)
    unused = ("norm.", "head.")
    names = [key for key in other.state_dict() if not key.startswith(unused) and not key.endswith("_index")]
    renamed = dict(zip(names, own.state_dict().values(), strict=True))
    assert set(other.load_state_dict(renamed, strict=False).missing_keys).isdisjoint(names)
    return other.eval()


@torch.no_grad()
@pytest.mark.parametrize("size", [(128, 160), (148, 132)], ids=["sides that halve", "odd maps"])
def test_tokens_of_every_stage_are_those_of_torchvision(size):
    """Of maps that windows do not fill, in any of the stages, and that are larger than a window in all."""
    own = small()
    other = torchvisions(own)
    image = expected = recipe_input((2, 3, *size), 1)
    for number, (tokens, grid) in enumerate(own.stages(image)):
        for layer in other.features[2 * number : 2 * number + 2]:
            expected = layer(expected)
        assert grid == expected.shape[1:3]
        torch.testing.assert_close(tokens, expected.flatten(1, 2), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_images_that_patches_do_not_fill_get_zeros_on_the_right_and_at_the_bottom():
    own, image = small(), recipe_input((1, 3, 101, 75), 1)
    filled = torch.zeros(1, 3, 104, 76)
    filled[:, :, :101, :75] = image
    for (tokens, grid), (expected, whole) in zip(own.stages(image), own.stages(filled), strict=True):
        assert grid == whole
        assert torch.equal(tokens, expected)


def test_gradients_are_those_of_torchvision():
    own = small()
    other = torchvisions(own)
    image = recipe_input((1, 3, 128, 160), 1)
    (*_, (tokens, _)) = own.stages(image)
    tokens.square().mean().backward()
    other.features(image).square().mean().backward()
    theirs = [parameter.grad for name, parameter in other.named_parameters() if name.startswith("features")]
    for (name, parameter), gradient in zip(own.named_parameters(), theirs, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-3, atol=1e-6, msg=name)


@torch.no_grad()
def test_shifted_windows_keep_tokens_apart_that_meet_only_where_edges_are_joined():
    """One window covers the map, is moved by one token, and so holds four groups: 2 × 2, 2 × 1, 1 × 2 and 1 × 1."""
    attention = WindowAttention(8, 2, 3, shift=1)
    groups = torch.tensor([[0, 1, 1], [2, 3, 3], [2, 3, 3]]).flatten()
    tokens = recipe_input((1, 9, 8), 2)
    before = attention(tokens, (3, 3))
    for moved in range(9):
        other = tokens.clone()
        other[:, moved] += 1
        changed = (attention(other, (3, 3)) != before).any(dim=2)[0]
        assert torch.equal(changed, groups == groups[moved])


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("swin_tiny", 28_288_354),
        ("swin_small", 49_606_258),
        ("swin_large", 196_532_476),
        ("swin_large_window12", 196_735_516),
    ],
)
def test_the_published_sizes_have_as_many_parameters_as_timms(name, parameters):
    """With what a classifier of 1,000 classes has on top: a normalisation and a linear layer."""
    size = SWIN_SIZES[name]
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in Swin(size).parameters())
    assert count + 2 * size.widths[-1] + 1000 * (size.widths[-1] + 1) == parameters
