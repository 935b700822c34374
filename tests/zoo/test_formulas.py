"""Networks of the zoo give what their papers' formulas give, and learn the same; from one image as from several."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from benchmarks.literal.cmnext import CmNext
from benchmarks.literal.cmx import Cmx, SegFormer
from benchmarks.literal.mfnet import MFNet
from benchmarks.networks import same_weights
from rgbtbench.cards.recipe import load_recipe
from rgbtbench.zoo.parts.mit import MIT_SIZES
from rgbtbench.zoo.registry import build, method, method_names

from .packages import buildable

B0, HEAD, CLASSES = MIT_SIZES["b0"], 16, 5
MIT = {"backbone": "b0", "head_width": HEAD, "drop_path": 0.0}
CASES = {
    "mfnet": ("mfnet", {}, lambda: MFNet(CLASSES)),
    "segformer": ("segformer", MIT, lambda: SegFormer(B0, HEAD, CLASSES)),
    "cmx": ("cmx", MIT, lambda: Cmx(B0, HEAD, CLASSES)),
    "cmnext, one other": ("cmnext", MIT, lambda: CmNext(B0, HEAD, CLASSES, extra=1)),
    "cmnext, two others": ("cmnext", MIT | {"extra": 2}, lambda: CmNext(B0, HEAD, CLASSES, extra=2)),
}


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES)
def pair(request):
    """A network and its formulas, with the same weights, in double precision."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    name, config, formulas = request.param
    own = build(name, config, task="semantic", classes={number: str(number) for number in range(CLASSES)})
    literal = formulas()
    names = same_weights(literal, own)
    if name != "mfnet":
        own.decode_head.dropout.p = 0.0
    return own.double(), literal.double(), names


def images_for(model, count):
    source = torch.Generator().manual_seed(1)
    channels = {slot: model.channels[slot] for slot in model.spec.inputs}
    return {
        slot: torch.rand(count, number, 64, 64, generator=source, dtype=torch.double)
        for slot, number in channels.items()
    }


def labels_for(count):
    return torch.randint(CLASSES, (count, 64, 64), generator=torch.Generator().manual_seed(2))


def test_logits_and_gradients_are_those_of_the_formulas(pair):
    own, literal, names = pair
    own.train(), literal.train()
    images, labels = images_for(own, 2), labels_for(2)
    answers = own.logits(images), literal(*images.values())
    torch.testing.assert_close(*answers)
    for logits in answers:
        F.cross_entropy(logits, labels).backward()
    wanted = {name: parameter.grad for name, parameter in literal.named_parameters()}
    for name, parameter in own.named_parameters():
        torch.testing.assert_close(parameter.grad, wanted[names[name]], rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("name", buildable(name for name in method_names() if "semantic" in method(name).TASKS))
def test_one_image_teaches_what_the_same_image_twice_does(name):
    # PyTorch's gradients of batch normalisation depend on strides that only batches of one image can have.
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = load_recipe(f"{name}/smoke").model.config
    model = build(name, config, task="semantic", classes={number: str(number) for number in range(CLASSES)})
    model.double().eval()
    one, labels = images_for(model, 1), labels_for(1)
    gradients = []
    for count in (1, 2):
        model.zero_grad()
        logits = model.logits({slot: image.repeat(count, 1, 1, 1) for slot, image in one.items()})
        F.cross_entropy(logits, labels.repeat(count, 1, 1)).backward()
        gradients.append({key: p.grad.clone() for key, p in model.named_parameters() if p.grad is not None})
    assert gradients[0].keys() == gradients[1].keys()
    for key, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][key], rtol=1e-6, atol=1e-10, msg=f"gradient of {key}")
