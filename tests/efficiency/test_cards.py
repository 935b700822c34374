"""What cards and docs/efficiency.md say that methods cost is what is counted."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.literal.cmnext import CmNext
from benchmarks.literal.cmx import Cmx, SegFormer
from rgbtbench.cards import method_card, method_names
from rgbtbench.efficiency.flops import count_flops
from rgbtbench.efficiency.inputs import noise_batch
from rgbtbench.efficiency.parameters import count_parameters
from rgbtbench.efficiency.passes import one_pass
from rgbtbench.zoo.parts.mit import MIT_SIZES
from rgbtbench.zoo.registry import build, build_from, resolve
from rgbtbench.zoo.saliency import SaliencyModel
from rgbtbench.zoo.segmentation import SegmentationModel

PAGE = (Path(__file__).parents[2] / "docs" / "efficiency.md").read_text()
COSTS = [(name, cost) for name in method_names() for cost in method_card(name).costs]
PUBLISHED = [(name, cost) for name in method_names() for cost in method_card(name).published_costs]
HEAD = 512
#: Methods whose papers state costs, as their formulas read.
FORMULAS = {
    "cmx": lambda size, classes, config: Cmx(size, HEAD, classes),
    "cmnext": lambda size, classes, config: (
        CmNext(size, HEAD, classes, extra=config["extra"]) if config["extra"] else SegFormer(size, HEAD, classes)
    ),
}


def spec_of(name, task, classes, config):
    return resolve(name, config, task=task, classes={number: str(number) for number in range(classes)})


@pytest.fixture
def all_weights_zero(monkeypatch):
    """Networks cost the same whatever their weights, and drawing them takes longer than counting."""
    for name in ("trunc_normal_", "normal_", "uniform_", "kaiming_uniform_", "kaiming_normal_", "xavier_uniform_"):
        monkeypatch.setattr(nn.init, name, lambda tensor, *arguments, **options: tensor.data.zero_())


@pytest.mark.usefixtures("all_weights_zero")
@pytest.mark.parametrize(("name", "cost"), COSTS, ids=[f"{name}-{cost.task}" for name, cost in COSTS])
def test_a_card_says_what_a_method_costs(name, cost):
    with torch.device("meta"):
        model = build_from(spec_of(name, cost.task, cost.classes, {})).eval()
    assert count_parameters(model) == cost.parameters
    if isinstance(model, SegmentationModel | SaliencyModel):
        # Shapes suffice: nothing before or after the logits of whole images is counted.
        channels = {slot: model.channels[slot] for slot in model.spec.inputs}
        images = {slot: torch.empty(1, count, *cost.size, device="meta") for slot, count in channels.items()}
        assert count_flops(lambda: model.logits(images), model).total == cost.flops
    else:
        model = build(name, {}, task=cost.task, classes=model.spec.classes).eval()
        batch = noise_batch(model.spec, cost.size)
        assert count_flops(lambda: one_pass(model, batch), model).total == cost.flops


def test_predicting_counts_what_the_logits_count():
    model = build("mfnet", {}, task="semantic", classes={number: str(number) for number in range(9)}).eval()
    (cost,) = method_card("mfnet").costs
    assert count_flops(lambda: model.predict(noise_batch(model.spec, cost.size)), model).total == cost.flops


@pytest.mark.parametrize(
    ("name", "cost"), PUBLISHED, ids=[f"{name}-{cost.parameters_millions}" for name, cost in PUBLISHED]
)
def test_a_papers_costs_come_out_of_its_formulas_when_they_are_counted_as_it_counts(name, cost):
    with torch.device("meta"):
        own = build_from(spec_of(name, "semantic", cost.classes, cost.config))
        formulas = FORMULAS[name](MIT_SIZES[cost.config["backbone"]], cost.classes, cost.config).eval()
        images = [torch.empty(1, 3, *cost.size) for _ in own.spec.inputs]
    assert count_parameters(own) == count_parameters(formulas)
    assert count_parameters(own) / 1e6 == pytest.approx(cost.parameters_millions, abs=0.051)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        formulas(*images)
    counted = counter.get_flop_counts()["Global"]
    attention = counted[torch.ops.aten.bmm] if cost.counts == "convolutions and linear layers" else 0
    giga_macs = (sum(counted.values()) - attention) / 2e9
    assert giga_macs == pytest.approx(cost.counted_giga_macs, abs=0.005)
    # The rest is normalisation, activation and resizing, of which tools count some.
    assert giga_macs == pytest.approx(cost.giga_macs, rel=0.011)
    assert giga_macs < cost.giga_macs


def test_the_page_repeats_the_cards():
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\d+) x (\d+) \| (\d+) \| ([\d,]+) \| ([\d.]+) \|$", PAGE, re.MULTILINE)
    assert rows == [
        (name, c.task, str(c.size[0]), str(c.size[1]), str(c.classes), f"{c.parameters:,}", f"{c.flops / 1e9:.2f}")
        for name, c in COSTS
    ]
