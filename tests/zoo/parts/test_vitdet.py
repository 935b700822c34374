from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from rgbtbench.zoo.parts.simple_fpn import SimpleFpn
from rgbtbench.zoo.parts.vit import VIT_SIZES, VitSize
from rgbtbench.zoo.parts.vitdet import DecomposedAttention, VitDet, from_windows, to_windows

from ..references import recipe_input, recipe_weights

TINY = VitSize(16, 4, 2)
#: What M-SpecGene's copy of ViTDet (commit eef5c81) gave, in the sizes of the test below and with the weights of the
#: recipe: value [1, 3, 1, 2], value [0, 0, 0, 0], mean magnitude and deviation of the map and of the pyramid's levels.
AUTHORS = [
    (-5.954543, -0.522478, 1.683450, 2.105255),
    (0.440137, 0.332557, 0.817900, 1.018992),
    (-1.292689, -1.136023, 0.816435, 1.020297),
    (0.318792, -0.394451, 0.812099, 1.007277),
    (0.456140, 0.248312, 0.763571, 0.959772),
    (1.102293, 0.248312, 0.766746, 0.960332),
]


def literal_attention(module: DecomposedAttention, tokens: torch.Tensor, grid: tuple[int, int]) -> torch.Tensor:
    """Detectron2's formula: the whole table of all pairs, with both summands added to it."""
    height, width = grid
    channels = tokens.shape[-1] // module.heads
    qkv = module.qkv(tokens).view(len(tokens), height * width, 3, module.heads, channels)
    q, k, v = qkv.permute(2, 0, 3, 1, 4)
    scores = q @ k.transpose(-2, -1) / channels**0.5

    def vectors(table: torch.Tensor, length: int) -> torch.Tensor:
        if len(table) != 2 * length - 1:
            table = F.interpolate(table.T[None], size=2 * length - 1, mode="linear")[0].T
        return torch.stack([torch.stack([table[i - j + length - 1] for j in range(length)]) for i in range(length)])

    placed = q.reshape(len(tokens), module.heads, height, width, channels)
    by_row = torch.einsum("bnhwc,hkc->bnhwk", placed, vectors(module.rel_pos_h, height))
    by_column = torch.einsum("bnhwc,wkc->bnhwk", placed, vectors(module.rel_pos_w, width))
    scores = scores.view(len(tokens), module.heads, height, width, height, width)
    scores = scores + by_row[..., :, None] + by_column[..., None, :]
    weights = scores.flatten(4).flatten(2, 3).softmax(-1)
    return module.proj((weights @ v).transpose(1, 2).flatten(2))


def random_attention(**options) -> DecomposedAttention:
    torch.manual_seed(0)
    module = DecomposedAttention(16, 2, **options)
    for table in (module.rel_pos_h, module.rel_pos_w):
        torch.nn.init.normal_(table)
    return module


@pytest.mark.parametrize("grid", [(6, 6), (4, 6), (7, 9)], ids=["own grid", "smaller", "interpolated"])
def test_global_attention_is_the_published_formula(grid):
    module = random_attention(side=6)
    tokens = torch.randn(2, grid[0] * grid[1], 16)
    torch.testing.assert_close(module(tokens, grid), literal_attention(module, tokens, grid), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("grid", [(4, 8), (5, 7), (3, 3)])
def test_windows_are_filled_with_zeros_that_are_attended_to(grid):
    module = random_attention(side=9, window=4)
    tokens = torch.randn(2, grid[0] * grid[1], 16)
    height, width = (-(-side // 4) * 4 for side in grid)
    image = torch.zeros(2, height, width, 16)
    image[:, : grid[0], : grid[1]] = tokens.unflatten(1, grid)
    expected = torch.zeros_like(image)
    for top in range(0, height, 4):
        for left in range(0, width, 4):
            window = image[:, top : top + 4, left : left + 4].flatten(1, 2)
            found = literal_attention(module, window, (4, 4))
            expected[:, top : top + 4, left : left + 4] = found.unflatten(1, (4, 4))
    expected = expected[:, : grid[0], : grid[1]].flatten(1, 2)
    torch.testing.assert_close(module(tokens, grid), expected, atol=1e-5, rtol=1e-5)


def test_gradients_of_the_vectors_are_those_of_the_formula():
    module = random_attention(side=4)
    tokens = torch.randn(1, 16, 16)
    ours = torch.autograd.grad(module(tokens, (4, 4)).square().sum(), (module.rel_pos_h, module.rel_pos_w))
    theirs = torch.autograd.grad(
        literal_attention(module, tokens, (4, 4)).square().sum(), (module.rel_pos_h, module.rel_pos_w)
    )
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_cutting_and_joining_windows_gives_back_what_there_was():
    tokens = torch.randn(2, 35, 3)
    windows = to_windows(tokens, (5, 7), 4)
    assert windows.shape == (2 * 2 * 2, 16, 3)
    assert torch.equal(windows[1, :4], torch.cat([tokens[0, 4:7], torch.zeros(1, 3)]))
    assert torch.equal(from_windows(windows, (5, 7), 4), tokens)


def test_relative_positions_need_whole_grids():
    with pytest.raises(ValueError, match="whole grids"):
        random_attention(side=4)(torch.zeros(1, 3, 16))


@pytest.mark.parametrize(("name", "whole"), [("vit_b", {2, 5, 8, 11}), ("vit_l", {5, 11, 17, 23})])
def test_four_blocks_see_everything(name, whole):
    with torch.device("meta"):
        model = VitDet(VIT_SIZES[name], side=60)
    assert {number for number, block in enumerate(model.blocks) if block.attn.window is None} == whole
    assert model.blocks[0].attn.rel_pos_h.shape == (27, 64)
    assert model.blocks[-1].attn.rel_pos_w.shape == (119, 64)


def test_which_blocks_see_everything_and_how_far_the_others_see_can_be_chosen():
    model = VitDet(TINY, side=6, window=3, global_blocks=(1,))
    assert [block.attn.window for block in model.blocks] == [3, None, *[3] * (TINY.depth - 2)]
    assert [len(block.attn.rel_pos_h) for block in model.blocks] == [5, 11, *[5] * (TINY.depth - 2)]


def test_before_training_distance_says_nothing_and_images_of_any_size_are_mapped():
    torch.manual_seed(0)
    model = VitDet(TINY, side=6).eval()
    with torch.no_grad():
        assert model(torch.randn(1, 3, 64, 112)).shape == (1, 16, 4, 7)
    assert all((block.attn.rel_pos_h == 0).all() for block in model.blocks)


def test_samples_do_not_see_each_other():
    torch.manual_seed(0)
    model = VitDet(TINY, side=2).eval()
    images = torch.randn(3, 3, 32, 48)
    with torch.no_grad():
        torch.testing.assert_close(model(images)[1:2], model(images[1:2]), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_maps_are_those_of_the_authors_code_on_images_of_another_size_than_its_positions():
    """In both directions: positions of 14 x 14, vectors of global blocks for 12 x 12, windows that fill no map."""
    backbone = VitDet(VitSize(32, 4, 2), side=12, eps=1e-5, window=5, global_blocks=(1, 3)).eval()
    neck = SimpleFpn(32, stride=16, outputs=24, eps=1e-5).eval()
    for module in (backbone, neck):
        module.load_state_dict(recipe_weights(module.state_dict()))
    features = backbone(recipe_input((2, 3, 160, 224), 1))
    for found, (place, first, mean, deviation) in zip((features, *neck(features)), AUTHORS, strict=True):
        figures = torch.stack((found[1, 3, 1, 2], found[0, 0, 0, 0], found.abs().mean(), found.std()))
        torch.testing.assert_close(figures, torch.tensor((place, first, mean, deviation)), rtol=1e-5, atol=1e-5)
