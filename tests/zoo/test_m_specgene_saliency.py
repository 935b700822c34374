"""M-SpecGene's saliency: masks of 0 and 1 as published, soft maps as our addition, from one network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from rgbtbench.cards.recipe import load_recipe
from rgbtbench.training.schedule import learning_rate
from rgbtbench.zoo.registry import build_from, resolve

from .batches import make_batch, random_images
from .packages import needs_mmsegmentation
from .references import needs_references
from .test_m_specgene_segmentation import require_published

pytestmark = needs_mmsegmentation
METHOD = "m_specgene_saliency"
SMALL = load_recipe(f"{METHOD}/smoke").model.config


def small(**config):
    torch.manual_seed(0)
    return build_from(resolve(METHOD, {**SMALL, **config}, task="saliency", classes={}))


def batch_of(height, width, **options):
    batch = make_batch(random_images(2, height, width), **options)
    masks = torch.rand(2, 1, height, width, generator=torch.Generator().manual_seed(0)) > 0.5
    object.__setattr__(batch, "saliency", masks.float())
    return batch


@needs_references
def test_names_and_shapes_are_those_of_the_released_file():
    require_published(METHOD, resolve(METHOD, {}, task="saliency", classes={}), "sod")


@torch.no_grad()
def test_hard_maps_are_the_surer_class_and_soft_ones_its_chance_in_the_original_frame():
    hard, soft = small().eval(), small(maps="soft").eval()
    batch = batch_of(64, 96, size=(33, 47))
    middle = hard.logits(hard.images(batch)).median()
    for model in (hard, soft):
        model.network.decode_head.conv_seg.bias[1] -= middle
    pairs = hard.network(hard.images(batch))
    resized = F.interpolate(pairs, (33, 47), mode="bilinear", align_corners=False)
    chances = resized.softmax(dim=1)[:, 1]
    assert 0.2 < resized.argmax(dim=1).float().mean() < 0.8
    for row, (mask, chance) in enumerate(zip(hard.predict(batch), soft.predict(batch), strict=True)):
        np.testing.assert_array_equal(mask.saliency, resized[row].argmax(dim=0).numpy())
        np.testing.assert_allclose(chance.saliency, chances[row], atol=1e-5)


def test_both_heads_learn_by_the_cross_entropy_of_two_classes():
    model = small().train()
    batch = batch_of(64, 64)
    torch.manual_seed(1)
    losses = model(batch)
    torch.manual_seed(1)
    pairs = model.network.trained(model.images(batch))
    classes = batch.saliency[:, 0].long()
    expected = {
        "binary_cross_entropy": F.cross_entropy(pairs[""], classes),
        "auxiliary_binary_cross_entropy": F.cross_entropy(pairs["auxiliary"], classes),
    }
    assert set(losses) == set(expected)
    for name, loss in losses.items():
        torch.testing.assert_close(loss, expected[name])
    sum(losses.values()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("name", ["vt5000", "vt5000-soft"])
def test_recipes_follow_the_schedule_that_the_released_file_was_taken_from(name):
    recipe = load_recipe(f"{METHOD}/{name}")
    assert recipe.model.config.get("maps", "hard") == ("soft" if name.endswith("soft") else "hard")
    rates = [learning_rate(recipe, step, steps=recipe.steps, samples=2500) for step in (0, 40_000, 53_999)]
    assert rates == [pytest.approx(rate, rel=0.01, abs=1e-6) for rate in (0, 0.75e-4, 0.6625e-4)]
    assert recipe.losses.weights == {"auxiliary_*": 0.4}
