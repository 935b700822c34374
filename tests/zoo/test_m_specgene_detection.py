"""M-SpecGene's detector: whose weights it takes, how cameras meet, and how it is trained."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from rgbtbench.cards.recipe import load_recipe
from rgbtbench.errors import RecipeError
from rgbtbench.loading.batch import BoxTargets
from rgbtbench.training.parameter_groups import parameter_groups
from rgbtbench.zoo.encoder_weights import load_initial_weights
from rgbtbench.zoo.parts.folded_pair import folded, unfolded
from rgbtbench.zoo.registry import build, build_from, resolve
from rgbtbench.zoo.weights import published_names, save_weights

from .batches import make_batch, random_images
from .references import GOLDEN, needs_references, recipe_input

METHOD = "m_specgene_detection"
CLASSES = {1: "person", 2: "bicycle", 3: "car"}
SMALL = load_recipe(f"{METHOD}/smoke").model.config


def make_model(**config):
    torch.manual_seed(0)
    return build(METHOD, {**SMALL, **config}, task="detection", classes=CLASSES)


def on_meta(**config):
    with torch.device("meta"):
        return build_from(resolve(METHOD, config, task="detection", classes=CLASSES))


def boxes(rows):
    count = len(rows)
    return BoxTargets(
        torch.tensor(rows, dtype=torch.float32).view(-1, 4),
        torch.ones(count, dtype=torch.int64),
        torch.zeros(count, dtype=torch.bool),
    )


@needs_references
@pytest.mark.parametrize("masks", [True, False])
def test_the_released_detector_is_converted_whole_and_its_mask_head_can_be_left_out(masks):
    keys = json.loads((GOLDEN / "models" / "keys" / "keys_det_vitb_flir.json").read_text())
    found = {key: torch.empty(shape, device="meta") for key, shape in keys.items()}
    own = on_meta(masks=masks).state_dict()
    renamed = published_names(METHOD, own, found)
    assert set(renamed) == set(own)
    assert all(own[key].shape == found[theirs].shape for key, theirs in renamed.items())
    left = set(found) - set(renamed.values())
    assert left == {key for key in found if key.startswith("roi_head.mask_head.") and not masks}
    if masks:
        assert sum(tensor.numel() for tensor in own.values()) == 118_982_306


def test_blocks_that_see_everything_are_named_by_numbers_that_there_are():
    chosen = on_meta(encoder={"width": 16, "depth": 4, "heads": 2}, attention_window=4, global_blocks=[1, 3])
    assert [block.attn.window for block in chosen.backbone.blocks] == [4, None, 4, None]
    with pytest.raises(RecipeError, match="global_blocks are numbers from 0 to 3"):
        on_meta(encoder={"width": 16, "depth": 4, "heads": 2}, global_blocks=[4])


def test_scenes_are_neighbours_for_the_encoder_and_side_by_side_after_it():
    rgb, thermal = (torch.full((3, 1, 1, 1), base) + torch.arange(3.0).view(3, 1, 1, 1) for base in (0.0, 10.0))
    assert folded(rgb, thermal).flatten().tolist() == [0, 10, 1, 11, 2, 12]
    assert unfolded(folded(rgb, thermal)).flatten(1).tolist() == [[0, 10], [1, 11], [2, 12]]


def test_pairs_of_any_batch_meet_as_they_do_alone():
    model = make_model().eval()
    images = {slot: recipe_input((3, 3, 64, 96), seed) for seed, slot in enumerate(("rgb", "thermal"))}
    with torch.no_grad():
        maps = [torch.cat([model.backbone(image[row : row + 1]) for image in images.values()], 1) for row in range(3)]
        apart = [torch.cat(level) for level in zip(*map(model.neck, maps), strict=True)]
        together = model.levels(images)
    for one, other in zip(apart, together, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


def test_a_batch_of_pairs_trains_all_parameters():
    model = make_model().train()
    batch = make_batch(random_images(2, 96, 128), boxes=(boxes([[8, 8, 60, 80]]), boxes([])))
    losses = model(batch)
    assert set(losses) == {"objectness", "proposals", "classification", "boxes", "masks"}
    sum(losses.values()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_the_box_only_variant_says_the_same_and_learns_no_masks():
    with_masks, without = make_model().eval(), make_model(masks=False).eval()
    own = without.state_dict()
    without.load_state_dict({key: tensor for key, tensor in with_masks.state_dict().items() if key in own})
    batch = make_batch(random_images(1, 96, 128), boxes=(boxes([[8, 8, 60, 80]]),))
    for model in (with_masks, without):
        model.limits = replace(model.limits, score=0.0, count=10)
    with torch.no_grad():
        (one,), (other,) = with_masks.predict(batch), without.predict(batch)
        assert "masks" in with_masks(batch)
        assert "masks" not in without(batch)
    np.testing.assert_array_equal(one.boxes_xyxy, other.boxes_xyxy)


def test_it_starts_from_a_pre_training_on_pairs(tmp_path):
    torch.manual_seed(0)
    decoder = {"width": 16, "depth": 1, "heads": 2}
    pretrained = build("m_specgene", {"encoder": "vit_s", "decoder": decoder}, task="pretraining", classes={})
    save_weights(pretrained, tmp_path / "weights.safetensors")
    model = make_model(encoder="vit_s")
    load_initial_weights(tmp_path, model)
    own, theirs = model.backbone.state_dict(), pretrained.encoder.state_dict()
    assert {key for key in own if key not in theirs} == {key for key in own if ".rel_pos_" in key}
    assert all(torch.equal(own[key], theirs[key]) for key in own if key in theirs)
    with pytest.raises(RecipeError, match="mae_vit_s"):
        make_model(encoder="vit_b").encoder_state("mae_vit_s", theirs)


@pytest.mark.parametrize("name", ["flir", "llvip", "kaist"])
def test_recipes_have_the_published_rates(name):
    recipe = load_recipe(f"{METHOD}/{name}")
    factors = {
        parameter: (group.lr_factor, group.decay_factor)
        for group in parameter_groups(on_meta(**recipe.model.config), recipe.optimiser)
        for parameter in group.parameters
    }
    assert factors["backbone.pos_embed"] == (pytest.approx(0.7**13), 0)
    assert factors["backbone.patch_embed.proj.bias"] == (pytest.approx(0.7**13), 1)
    assert factors["backbone.blocks.0.norm2.bias"] == (pytest.approx(0.7**12), 0)
    assert factors["backbone.blocks.11.attn.rel_pos_h"] == (pytest.approx(0.7), 1)
    assert factors["neck.fpn1.1.weight"] == (1, 1)
    assert recipe.steps < min(recipe.schedule.steps)
    assert recipe.inputs in (None, {"rgb": "rgb", "thermal": "lwir"})
