from __future__ import annotations

import math

import pytest
import torch

from rgbtbench.zoo.m_specgene.config import MSpecGeneConfig
from rgbtbench.zoo.m_specgene.masker import make_masker


def masker(**masking):
    torch.manual_seed(1)
    return make_masker(MSpecGeneConfig.model_validate({"masking": masking}))


def tokens(seed: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens of two images: flat and alike in the second half of the patches."""
    generator = torch.Generator().manual_seed(seed)
    scale = torch.where(torch.arange(196) < 98, 3.0, 1.0)[:, None]
    common = torch.randn(2, 196, 32, generator=generator)
    return tuple(scale * (common + 0.3 * torch.randn(2, 196, 32, generator=generator)) for _ in range(2))


EVERY = [
    {"name": "independent"}, {"name": "shared"}, {"name": "complementary"}, {"name": "gaussian"},
    {"name": "gaussian", "hidden_more": 9}, {"name": "gmm_cmss"},
]  # fmt: skip


@pytest.mark.parametrize("masking", EVERY)
def test_each_shows_as_many_patches_as_its_ratio_leaves(masking):
    thermal, rgb = masker(**masking).choose(*tokens())
    more = masking.get("hidden_more", 0)
    assert (thermal.shape, rgb.shape) == ((2, 19 - more), (2, 19 + more))
    for row in (*thermal.tolist(), *rgb.tolist()):
        assert len(set(row)) == len(row)
        assert 0 <= min(row) <= max(row) < 196


@pytest.mark.parametrize("masking", EVERY)
def test_modalities_share_visible_patches_as_each_promises(masking):
    thermal, rgb = masker(**masking).choose(*tokens())
    common = [len({*one} & {*other}) for one, other in zip(thermal.tolist(), rgb.tolist(), strict=True)]
    if masking["name"] == "shared":
        assert common == [19, 19]
    elif masking["name"] != "independent":
        assert common == [0, 0]


def test_structure_is_seen_at_first_and_flat_patches_at_last():
    gmm = masker(name="gmm_cmss")

    def seen_flat(progress: float) -> float:
        gmm.begin_step(progress)
        chosen = [torch.cat(gmm.choose(*tokens(seed)), dim=1) for seed in range(3)]
        return (torch.cat(chosen) >= 98).float().mean().item()

    early = seen_flat(0.0)
    shares = [seen_flat(step / 100) for step in range(1, 100)]
    assert early < 0.35
    assert shares[-1] > 0.8
    assert gmm.curriculum.epoch == 99


def test_the_modality_that_is_easier_is_shown_less():
    gmm = masker(name="gmm_cmss")
    for step in range(4):
        gmm.begin_step(step / 100)
        gmm.choose(*tokens())
        gmm.observe(torch.tensor(0.4), torch.tensor(0.6))
    # Three epochs at 10 times the difference of 0.2.
    assert gmm.curriculum.count_bias == pytest.approx(6.0)
    thermal, rgb = gmm.choose(*tokens())
    assert (thermal.shape[1], rgb.shape[1]) == (13, 25)
    assert gmm.curriculum.mean_bias == pytest.approx(0.06)


def test_it_goes_on_from_a_state_with_the_same_choices():
    one, other = masker(name="gmm_cmss"), masker(name="gmm_cmss")
    for step in range(6):
        one.begin_step(step / 20)
        one.choose(*tokens(step))
        one.observe(torch.tensor(0.4), torch.tensor(0.5))
    other.load_state(one.state())
    assert other.state() == one.state()
    for each in (one, other):
        torch.manual_seed(9)
        each.begin_step(0.35)
        each.last = torch.cat(each.choose(*tokens(7)), dim=1)
    assert torch.equal(one.last, other.last)


def test_progress_in_steps_meets_every_epoch_of_the_curriculum():
    gmm = masker(name="gmm_cmss")
    for step in range(26800):
        if step % 268 == 0:
            gmm.begin_step(step / 26800)
            assert gmm.curriculum.epoch == step // 268
    assert math.isfinite(sum(gmm.curriculum.means))
