"""M-SpecGene's segmenter: whose numbers it gives, which weights it takes, and how it sees images of any size."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from rgbtbench.cards.recipe import load_recipe
from rgbtbench.errors import RecipeError
from rgbtbench.training.parameter_groups import parameter_groups
from rgbtbench.training.schedule import learning_rate
from rgbtbench.zoo.encoder_weights import load_initial_weights
from rgbtbench.zoo.graph import Graph
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.parts.positions import resized_positions
from rgbtbench.zoo.registry import build, build_from, resolve
from rgbtbench.zoo.weights import convert, published_names, save_weights

from .batches import make_batch, random_images
from .m_specgene.golden import golden, needs_golden
from .packages import needs_mmsegmentation
from .references import GOLDEN, needs_references, recipe_input

pytestmark = needs_mmsegmentation
METHOD = "m_specgene_segmentation"
SMALL = load_recipe(f"{METHOD}/smoke").model.config
#: Of the authors' small network, whose windows follow each other by the same part of their side as those of 768 do.
TINY = {
    "encoder": {"width": 24, "depth": 4, "heads": 3, "mlp_ratio": 2},
    "window": 96, "stride": 43, "taps": [0, 1, 2, 3], "head_width": 12, "auxiliary_width": 8,
    "colours": "bgr", "preprocess": {"size": None},
}  # fmt: skip


def spec_of(count=5, **config):
    classes = {index: f"class {index}" for index in range(count)}
    return resolve(METHOD, config, task="semantic", classes=classes)


def small(**config):
    torch.manual_seed(0)
    return build_from(spec_of(**SMALL | config))


def require_published(method, spec, name):
    """Check that a network has a place for every tensor of a published file, but the indices that it computes."""
    keys = json.loads((GOLDEN / "models" / "keys" / f"keys_{name}_vitb.json").read_text())
    with torch.device("meta"):
        own = build_from(spec).state_dict()
        found = {key: torch.empty(shape) for key, shape in keys.items()}
    renamed = published_names(method, own, found)
    assert set(renamed) == set(own)
    assert found.keys() - renamed.values() == {key for key in found if key.endswith("relative_position_index")}
    assert all(own[key].shape == found[theirs].shape for key, theirs in renamed.items())


@pytest.fixture(scope="module")
def authors(tmp_path_factory):
    """The authors' small network, through the converter."""
    torch.set_num_threads(1)
    recorded = golden("tiny_seg")
    folder = tmp_path_factory.mktemp("tiny")
    state = {key.removeprefix("sd/"): torch.from_numpy(recorded[key]) for key in recorded.files if key[:3] == "sd/"}
    torch.save({"state_dict": state, "meta": {}}, folder / "tiny.pth")
    info = convert(folder / "tiny.pth", folder / "tiny.safetensors", spec=spec_of(**TINY))
    assert info.conversion.completed == ()
    assert info.conversion.dropped == tuple(key for key in state if key.endswith("relative_position_index"))
    return load_model(folder / "tiny.safetensors")


def of(pixels):
    return {"rgb": pixels[:, :3], "thermal": pixels[:, 3:]}


@needs_golden
@torch.no_grad()
def test_maps_and_logits_are_those_of_the_authors(authors):
    recorded = golden("tiny_seg")
    images = torch.from_numpy(recorded["input"])
    window = of(images[..., :96])
    maps = authors.network.maps(window)
    for number, found in enumerate(maps):
        np.testing.assert_allclose(found, recorded[f"feat{number}"], atol=1e-5, rtol=1e-5)
    auxiliary = authors.network.auxiliary_head(maps)
    np.testing.assert_allclose(auxiliary, recorded["aux_logits"], atol=1e-5, rtol=1e-5)
    for name, answer in (("logits_crop", authors.logits(window)), ("logits_slide", authors.logits(of(images)))):
        np.testing.assert_allclose(answer, recorded[name], atol=1e-5, rtol=1e-5)


@needs_golden
@torch.no_grad()
def test_from_pixels_to_the_original_frame_it_answers_as_the_authors_network(authors):
    """The channel order that their files need: the recorded pixels are B, G, R."""
    recorded = golden("tiny_seg")
    pixels = torch.from_numpy(recorded["raw_uint8"])[None]
    batch = make_batch({"rgb": pixels[:, :3].flip(1), "lwir": pixels[:, 3:].flip(1)}, size=(72, 112))
    (prediction,) = authors.predict(batch)
    expected = recorded["logits_slide_orig"][0].argmax(0)
    assert (prediction.mask != expected).mean() < 1e-3


@needs_references
def test_names_and_shapes_are_those_of_the_released_files():
    require_published(METHOD, spec_of(26), "seg")


def test_pairs_of_any_batch_meet_as_they_do_alone():
    model = small().eval()
    images = {slot: recipe_input((3, 3, 64, 64), seed) for seed, slot in enumerate(("rgb", "thermal"))}
    with torch.no_grad():
        together = model.logits(images)
        apart = [model.logits({slot: image[row : row + 1] for slot, image in images.items()}) for row in range(3)]
    torch.testing.assert_close(together, torch.cat(apart), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("size", [(40, 64), (64, 100), (90, 150)])
def test_images_of_any_size_are_seen_and_learnt_from(size):
    model = small().train()
    batch = make_batch(random_images(2, *size), semantic=torch.randint(0, 5, (2, *size)))
    losses = model(batch)
    assert set(losses) == {"cross_entropy", "auxiliary_cross_entropy"}
    sum(losses.values()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    with torch.no_grad():
        assert [found.mask.shape for found in model.eval().predict(batch)] == [size] * 2


def test_both_heads_see_the_windows_that_the_answer_is_made_of():
    model = small().eval()
    images = {slot: recipe_input((1, 3, 64, 100), seed) for seed, slot in enumerate(("rgb", "thermal"))}
    with torch.no_grad():
        torch.testing.assert_close(model.trained_logits(images)[""], model.logits(images))


@torch.no_grad()
def test_other_programs_get_the_network_of_one_window():
    bare = {"rgb": None, "thermal": None}
    model = small(preprocess={"edges": [64, 256], "normalisation": bare}).eval()
    plain = model.plain()
    assert (plain.rules.size, plain.rules.edges) == ((64, 64), None)
    images = [torch.rand((2, 3, 64, 64), generator=torch.Generator().manual_seed(seed)) for seed in range(2)]
    (found,) = Graph(model, plain)(*images)
    torch.testing.assert_close(found, model.logits(dict(zip(("rgb", "thermal"), images, strict=True))))


def test_it_starts_from_a_pre_training_on_pairs(tmp_path):
    torch.manual_seed(0)
    decoder = {"width": 16, "depth": 1, "heads": 2}
    pretrained = build("m_specgene", {"encoder": "vit_s", "decoder": decoder}, task="pretraining", classes={})
    save_weights(pretrained, tmp_path / "weights.safetensors")
    model = small(encoder="vit_s")
    load_initial_weights(tmp_path, model)
    own, theirs = model.network.backbone.state_dict(), pretrained.encoder.state_dict()
    anew = {key for key in own if key not in theirs}
    assert anew == {key for key in own if key.endswith((".gamma", ".relative_position_bias_table"))}
    placed = own.pop("pos_embed")
    assert torch.equal(placed, resized_positions(theirs["pos_embed"], (4, 4), known=(14, 14)))
    assert all(torch.equal(tensor, theirs[key]) for key, tensor in own.items() if key in theirs)
    with pytest.raises(RecipeError, match="mae_vit_s"):
        small().encoder_state("mae_vit_s", theirs)


def test_windows_need_not_be_squares_nor_patches_have_16_pixels():
    config = {"window": [32, 48], "stride": 32, "patch": 8, "pretrained_grid": [4, 6]}
    model = small(**config, preprocess={"size": None}).eval()
    images = {slot: torch.rand((1, 3, 32, 48)) for slot in ("rgb", "thermal")}
    assert model.network.config.grid == (4, 6)
    assert [tuple(found.shape[-2:]) for found in model.network.maps(images)] == [(16, 24), (8, 12), (4, 6), (2, 3)]
    assert model.logits(images).shape[-2:] == (32, 48)
    assert model.plain().rules.size == (32, 48)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"window": [64, 40]}, r"a window of \(64, 40\) is not made of patches of 16"),
        ({"window": [32, 64]}, r"a stride of 48 leaves gaps between windows of \(32, 64\)"),
        ({"taps": [0, 1, 2, 4]}, "taps are four rising numbers of blocks from 0 to 3"),
        ({"taps": [0, 2, 1, 3]}, "taps are four rising numbers"),
        (
            {"colours": "bgr", "preprocess": {"channel_order": {"rgb": [2, 1, 0]}}},
            "colours bgr and preprocess.channel_order",
        ),
        ({"stride": 65}, "a stride of 65 leaves gaps between windows of 64"),
    ],
)
def test_what_cannot_be_built_is_refused(config, said):
    with pytest.raises(RecipeError, match=said):
        spec_of(**SMALL | config)


def test_recipes_have_the_published_rates():
    recipe = load_recipe(f"{METHOD}/semanticrt")
    with torch.device("meta"):
        model = build_from(spec_of(13, **recipe.model.config))
    factors = {
        parameter: (group.lr_factor, group.decay_factor)
        for group in parameter_groups(model, recipe.optimiser)
        for parameter in group.parameters
    }
    backbone = "network.backbone"
    assert factors[f"{backbone}.pos_embed"] == (pytest.approx(0.65**13), 1)
    assert factors[f"{backbone}.blocks.0.attn.relative_position_bias_table"] == (pytest.approx(0.65**12), 1)
    assert factors[f"{backbone}.blocks.11.ls1.gamma"] == (pytest.approx(0.65), 0)
    assert factors["network.decode_head.conv_seg.bias"] == (1, 0)
    rates = [learning_rate(recipe, step, steps=recipe.steps, samples=6830) for step in (0, 1499, 1500, 160_750)]
    assert rates == [pytest.approx(rate, abs=1e-7) for rate in (0, 1e-4, 1e-4, 5e-5)]
    assert [load_recipe(f"{METHOD}/{name}").steps for name in ("mvseg", "fmb")] == [240_000, 224_000]
