from __future__ import annotations

import pytest
import torch

from rgbtbench.zoo.geminifusion import published_names_of
from rgbtbench.zoo.parts.paired_swin import PairedSwin
from rgbtbench.zoo.parts.swin import Swin, SwinSize

from ..references import recipe_input, recipe_tensor

SIZE = SwinSize(16, (2, 2, 2, 2), (1, 2, 4, 8), window=3)
PUBLISHED = "encoder.body."
#: What GeminiFusion's authors' Swin Transformer (branch main, commit 1f102f6) of this size gave with the weights of the
#: recipe under its names: of each stage's map value [1, 3, 1, 2], value [0, 0, 0, 0], mean magnitude, and deviation.
AUTHORS = {
    "rgb": [
        (-0.086006, -1.106275, 0.823056, 1.012512),
        (-0.431860, -0.626541, 0.827863, 1.045699),
        (2.543453, 0.175681, 0.834273, 1.043073),
        (1.198620, 0.885221, 0.809312, 1.026642),
    ],
    "x": [
        (-0.352556, -1.205197, 0.818844, 1.039748),
        (-0.182408, -0.854147, 0.782070, 1.026764),
        (1.399145, 0.813471, 0.778940, 0.985032),
        (0.456423, -0.179615, 0.801517, 1.009747),
    ],
}


def published_name(key):
    (name,) = (name for name in published_names_of(f"backbone.{key}") if name.startswith(PUBLISHED))
    return name.removeprefix(PUBLISHED)


@pytest.fixture(scope="module")
def model():
    """Windows fill no map of 64 x 96 pixels but one, and the last one's are larger than it."""
    torch.set_num_threads(1)
    model = PairedSwin(SIZE, drop_path=0.0)
    weights = {key: recipe_tensor(published_name(key), tuple(old.shape)) for key, old in model.state_dict().items()}
    model.load_state_dict(weights)
    return model.eval()


@pytest.fixture(scope="module")
def images():
    return [recipe_input((2, 3, 64, 96), seed) for seed in (11, 12)]


@torch.no_grad()
def test_maps_are_those_of_the_authors_code(model, images):
    for stream, maps in zip(AUTHORS.values(), model.streams(images), strict=True):
        for (place, first, mean, deviation), features in zip(stream, maps, strict=True):
            found = torch.stack((features[1, 3, 1, 2], features[0, 0, 0, 0], features.abs().mean(), features.std()))
            torch.testing.assert_close(found, torch.tensor((place, first, mean, deviation)), rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_a_stream_that_takes_nothing_from_the_other_is_a_swin_transformer(model, images):
    """Its normalisations aside, which are of another eps."""
    alone, plain = PairedSwin(SIZE, drop_path=0.0).eval(), Swin(SIZE, drop_path=0.0).eval()
    alone.load_state_dict(model.state_dict())
    for key, parameter in alone.named_parameters():
        if ".out_proj." in key:
            parameter.zero_()
    own = alone.state_dict()
    embedding = {f"patch_embed.norm.{last}": own[f"patch_embed.norm.ln_1.{last}"] for last in ("weight", "bias")}
    plain.load_state_dict({key: own[key] for key in plain.state_dict() if key in own} | embedding)
    _, x = alone.streams(images)
    for number, (tokens, grid) in enumerate(plain.stages(images[1])):
        expected = alone.get_submodule(f"norm{number}")["ln_1"](tokens).transpose(1, 2).unflatten(2, grid)
        torch.testing.assert_close(x[number], expected, rtol=1e-3, atol=1e-4)


def test_the_streams_share_normalisations_but_those_of_embedding_and_outputs(model):
    own = {key.rsplit(".ln_", 1)[0] for key in model.state_dict() if ".ln_" in key}
    assert own == {"patch_embed.norm", "norm0", "norm1", "norm2", "norm3"}
    eps = {name: module.eps for name, module in model.named_modules() if isinstance(module, torch.nn.LayerNorm)}
    assert {name: value for name, value in eps.items() if ".ln_" in name} == dict.fromkeys(
        (name for name in eps if ".ln_" in name), 1e-6
    )
    assert {value for name, value in eps.items() if ".ln_" not in name} == {1e-5}
