from __future__ import annotations

import math

import torch

from rgbtbench.zoo.parts.pair_fusion import PairFusion

from ..references import recipe_input


@torch.no_grad()
def test_a_token_attends_to_itself_with_noise_and_to_its_twin():
    """One channel per head, all layers the identity, no judgement: every number can be had by hand."""
    fusion = PairFusion(8)
    for parameter in fusion.parameters():
        parameter.zero_()
    for layer in (fusion.cross_attn_0_to_1, fusion.cross_attn_1_to_0):
        layer.in_proj_weight.copy_(torch.eye(8).repeat(3, 1))
        layer.out_proj.weight.copy_(torch.eye(8))
    fusion.k_noise.weight[0], fusion.v_noise.weight[0] = 0.5, 0.25
    first, second = (1.0, 2.0), (3.0, -1.0)
    tokens = torch.tensor([first, second])[..., None].expand(2, 2, 8)

    def found(own, other, key_noise, value_noise):
        """Scores of both keys; the judge gives each of eight channels one eighth."""
        alone, twin = (math.exp(own * key) for key in (own + key_noise, own / 8))
        return own + (alone * (own + value_noise) + twin * other) / (alone + twin)

    expected = [
        [found(own, other, 0.5, 0.25) for own, other in zip(first, second, strict=True)],
        [found(own, other, 0.0, 0.0) for own, other in zip(second, first, strict=True)],
    ]
    torch.testing.assert_close(fusion(tokens), torch.tensor(expected)[..., None].expand(2, 2, 8))


@torch.no_grad()
def test_a_token_sees_no_other_place_of_the_other_stream():
    fusion = PairFusion(32)
    tokens = recipe_input((2, 6, 32), 1)
    moved = tokens.clone()
    moved[1, 4] += 1
    changed = (fusion(tokens) != fusion(moved)).any(dim=2)
    assert changed.nonzero().tolist() == [[0, 4], [1, 4]]
