"""Logits that the authors' own code gave, of published variants beyond those whose whole outputs are kept elsewhere.

Run once at the commits below, in float32 on a processor, with the weights of the recipe under the authors' names and
the recipe's images: 2 of 64 x 96 pixels for each slot, or for RTFNet 1 of 96 x 128 with four channels, uniform. Kept
are 30 numbers of each, evenly apart in the flattened logits; and how many of the normalisations that a network uses had
which eps, which the recipe's weights do not show. CMNeXt's authors' code knows no b0; its widths and depths were given
to it.

DELIVER 4981c16 (CMNeXt, and its CMX), RGBX_Semantic_Segmentation e251d86 (CMX), GeminiFusion 1f102f6, and 5a3a723 of
its branch DeLiVER, StitchFusion 0626d4c (blocks of its file of tips), RTFNet 2457cc6.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from rgbtbench.zoo.registry import build_from, resolve
from rgbtbench.zoo.weights import published_names

from .references import recipe_images, recipe_tensor

KEPT = json.loads(Path(__file__).with_name("authors_outputs.json").read_text())
NINE = {index: f"class {index}" for index in range(9)}
#: Names that a variant does not have and its sibling has, which the converter tells apart by what a file holds.
ABSENT = {
    "cmx-deliver": r"linear_fuse\.[01]\.",
    "geminifusion-deliver": r"encoder\.|decoder\.",
    "geminifusion": r"backbone\.|decode_head\.|encoder\.body\.",
}
NUMBERS = 30
NORMALISATIONS = (torch.nn.LayerNorm, torch.nn.BatchNorm2d)


class _Names(frozenset):
    """All names but those that `absent` finds."""

    def __new__(cls, absent):
        names = super().__new__(cls)
        names.absent = absent
        return names

    def __contains__(self, name):
        return not re.search(self.absent, name)


def images_for(model):
    if model.spec.method != "rtfnet":
        return recipe_images(model, shape=(2, 3, 64, 96))
    image = torch.from_numpy(np.random.default_rng(11).random((1, 4, 96, 128))).float()
    return {"rgb": image[:, :3], "inf": image[:, 3:]}


@torch.no_grad()
@pytest.mark.parametrize("name", KEPT)
def test_logits_and_eps_are_those_of_the_authors_code(name):
    kept = KEPT[name]
    torch.set_num_threads(1)
    with torch.device("meta"):
        model = build_from(resolve(kept["method"], kept["config"], task="semantic", classes=NINE)).eval()
    absent = next((pattern for start, pattern in ABSENT.items() if name.startswith(start)), "$^")
    own = model.state_dict()
    theirs = published_names(kept["method"], own, _Names(absent))
    weights = {key: recipe_tensor(theirs.get(key, key), tuple(tensor.shape)) for key, tensor in own.items()}
    model.load_state_dict(weights, assign=True)
    assert Counter(f"{layer.eps:g}" for layer in model.modules() if isinstance(layer, NORMALISATIONS)) == kept["eps"]
    found = model.logits(images_for(model)).flatten()
    found = found[:: len(found) // NUMBERS | 1][:NUMBERS]
    np.testing.assert_allclose(found, kept["values"], rtol=1e-4, atol=1e-4)
