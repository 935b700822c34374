from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.checkpoint import checkpoint

from rgbtbench.zoo.parts import relative_bias
from rgbtbench.zoo.parts.relative_bias import BiasedAttention, bias_of_pairs, table_length
from rgbtbench.zoo.parts.vit import Vit, VitSize

from ..references import GOLDEN, needs_references
from .test_vit import published_as_ours


def literal(attention: BiasedAttention, tokens: torch.Tensor) -> torch.Tensor:
    """BEiT's attention written out: one pair of tokens after the other looks its number up."""
    rows, columns = attention.grid
    places = [(row, column) for row in range(rows) for column in range(columns)]
    count, table = 1 + len(places), attention.relative_position_bias_table
    bias = torch.zeros(attention.heads, count, count)
    for query in range(count):
        for key in range(count):
            if query and key:
                down = places[query - 1][0] - places[key - 1][0] + rows - 1
                right = places[query - 1][1] - places[key - 1][1] + columns - 1
                entry = down * (2 * columns - 1) + right
            else:
                entry = len(table) - {(True, False): 2, (False, True): 3, (False, False): 1}[query > 0, key > 0]
            bias[:, query, key] = table[entry]
    q, k, v = attention.qkv(tokens).view(len(tokens), count, 3, attention.heads, -1).permute(2, 0, 3, 1, 4)
    weights = (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5 + bias).softmax(-1)
    return attention.proj((weights @ v).transpose(1, 2).flatten(2))


@pytest.fixture(params=["kept", "recomputed"])
def pairs(request, monkeypatch):
    """Whether numbers of pairs are kept, or computed again: two of three heads, and then the last."""
    if request.param == "recomputed":
        monkeypatch.setattr(relative_bias, "_KEPT_PAIRS", 0)
        monkeypatch.setattr(relative_bias, "_PAIRS_AT_ONCE", 2 * 2 * 13**2)
    return request.param


def test_it_is_the_formula_with_a_number_for_every_pair(pairs):
    torch.manual_seed(0)
    attention = BiasedAttention(24, 3, (3, 4))
    torch.nn.init.normal_(attention.relative_position_bias_table)
    tokens = torch.randn(2, 13, 24, requires_grad=True)
    learnt = (tokens, *attention.parameters())
    answers = attention(tokens, (3, 4)), literal(attention, tokens)
    torch.testing.assert_close(*answers, atol=1e-5, rtol=1e-5)
    gradients = [torch.autograd.grad(answer.square().sum(), learnt) for answer in answers]
    torch.testing.assert_close(*gradients, atol=1e-4, rtol=1e-4)


def test_beside_the_formula_nothing_of_pairs_is_kept(pairs):
    attention = BiasedAttention(24, 3, (3, 4))
    kept: list[int] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor.numel()) or tensor, lambda it: it):
        attention(torch.randn(2, 13, 24), (3, 4))
    assert (2 * 3 * 13**2 in kept) is (pairs == "kept")


def test_it_is_computed_again_inside_of_what_is_computed_again(monkeypatch):
    torch.manual_seed(0)
    attention, tokens = BiasedAttention(24, 3, (3, 4)), torch.randn(2, 13, 24)
    torch.nn.init.normal_(attention.relative_position_bias_table)
    kept = torch.autograd.grad(attention(tokens, (3, 4)).square().sum(), list(attention.parameters()))
    monkeypatch.setattr(relative_bias, "_KEPT_PAIRS", 0)
    monkeypatch.setattr(relative_bias, "_PAIRS_AT_ONCE", 1)
    again = checkpoint(attention, tokens, (3, 4), use_reentrant=False)
    found = torch.autograd.grad(again.square().sum(), list(attention.parameters()))
    torch.testing.assert_close(found, kept, atol=1e-4, rtol=1e-4)


def test_weights_in_sixteen_bits_are_recomputed_alike(monkeypatch):
    torch.manual_seed(0)
    attention, tokens = BiasedAttention(24, 3, (3, 4)), torch.randn(2, 13, 24)
    found = []
    for limit in (relative_bias._KEPT_PAIRS, 0):
        monkeypatch.setattr(relative_bias, "_KEPT_PAIRS", limit)
        attention.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            attention(tokens, (3, 4)).float().square().sum().backward()
        found.append(attention.relative_position_bias_table.grad)
    torch.testing.assert_close(*found, atol=2e-2, rtol=2e-2)


def test_the_published_size_has_the_published_table():
    assert table_length((48, 48)) == 9028


def test_tokens_of_another_grid_are_refused():
    with pytest.raises(ValueError, match=r"tokens of \(2, 2\), and the table is for \(1, 4\)"):
        BiasedAttention(8, 2, (1, 4))(torch.zeros(1, 5, 8), (2, 2))


@needs_references
def test_the_index_and_the_maps_are_those_of_the_published_segmenter():
    """Of two cameras' maps side by side, the neck hands on the third one as it is."""
    recorded = np.load(GOLDEN / "models" / "m-specgene" / "tiny_seg.npz")
    prefix = "sd/backbone."
    state = {
        published_as_ours(key.removeprefix(prefix)): torch.from_numpy(recorded[key])
        for key in recorded.files
        if key.startswith(prefix)
    }
    grid = (6, 6)
    indices = [state.pop(f"blocks.{number}.attn.index") for number in range(4)]
    numbered = bias_of_pairs(torch.arange(table_length(grid))[:, None], grid)[0]
    assert all(torch.equal(index, numbered) for index in indices)
    model = Vit(
        VitSize(24, 4, 3, mlp_ratio=2),
        grid=grid,
        layer_scale=1.0,
        attention=lambda _: BiasedAttention(24, 3, grid),
        final_norm=False,
    ).eval()
    model.load_state_dict(state)
    crop = torch.from_numpy(recorded["input"])[..., :96]
    with torch.no_grad():
        maps = [model.taps(crop[:, part], (2,))[0][0] for part in (slice(0, 3), slice(3, 6))]
    found = torch.cat([tokens[:, 1:].transpose(1, 2).unflatten(2, grid) for tokens in maps], dim=1)
    np.testing.assert_allclose(found.numpy(), recorded["feat2"], atol=1e-5)
