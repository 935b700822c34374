"""What cards and docs/efficiency.md say that methods cost is what is counted."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.literal.cmnext import CmNext
from benchmarks.literal.cmx import Cmx, SegFormer
from benchmarks.literal.geminifusion import GeminiFusion
from benchmarks.literal.stitchfusion import StitchFusion
from rgbtbench.cards import method_card, method_names
from rgbtbench.efficiency.flops import count_flops
from rgbtbench.efficiency.inputs import noise_batch
from rgbtbench.efficiency.parameters import count_parameters
from rgbtbench.efficiency.passes import one_pass
from rgbtbench.zoo.detection import DetectionModel
from rgbtbench.zoo.parts.mit import MIT_SIZES
from rgbtbench.zoo.parts.rcnn import BOX_SIDE, Rcnn
from rgbtbench.zoo.registry import build, build_from, resolve

from ..zoo.packages import marks_of

PAGE = (Path(__file__).parents[2] / "docs" / "efficiency.md").read_text()
COSTS = [(name, cost) for name in method_names() for cost in method_card(name).costs]
PUBLISHED = [(name, cost) for name in method_names() for cost in method_card(name).published_costs]
#: Networks that need no plainer version: what the zoo computes is what the formulas say.
PLAIN = ("mfnet", "rtfnet")


def formulas_of(name, classes, config):
    """Return a network as its paper's formulas read."""
    size = MIT_SIZES[config["backbone"]]
    if name == "cmx":
        return Cmx(size, 512, classes)
    if name == "cmnext":
        return CmNext(size, 512, classes, extra=config["extra"]) if config["extra"] else SegFormer(size, 512, classes)
    if name == "segformer":
        return SegFormer(size, 256 if config["backbone"] in ("b0", "b1") else 768, classes)
    if name == "geminifusion":
        variant = config.get("variant", "main")
        network = GeminiFusion(size, {"main": 256, "deliver": 512}[variant], classes)
        if variant == "main":
            # Nothing learns the weights of the average there, and the zoo has none.
            del network.alpha
            network.register_buffer("alpha", torch.ones(2))
        return network
    assert (name, config["fusion"]) == ("stitchfusion", "feature_cross")
    return StitchFusion(size, 512, classes, cross=True)


def spec_of(name, task, classes, config):
    return resolve(name, config, task=task, classes={number: str(number) for number in range(classes)})


@pytest.fixture
def all_weights_zero(monkeypatch):
    """Networks cost the same whatever their weights, and drawing them takes longer than counting."""
    for name in ("trunc_normal_", "normal_", "uniform_", "kaiming_uniform_", "kaiming_normal_", "xavier_uniform_"):
        monkeypatch.setattr(nn.init, name, lambda tensor, *arguments, **options: tensor.data.zero_())


def network_images(model, size):
    """Return images without values as the network gets them, whatever size they had before."""
    rules = model.preprocess
    height, width = (side + -side % rules.multiple_of for side in rules.fit or rules.size_of(size))
    return {slot: torch.empty(1, model.channels[slot], height, width, device="meta") for slot in model.spec.inputs}


def counted(model, size):
    """Return the FLOPs of a model on the meta device: shapes suffice for all that is counted."""
    images = network_images(model, size)
    if not isinstance(model, DetectionModel):
        return count_flops(lambda: model.logits(images), model).total
    heads = model.detector.rpn_head if isinstance(model.detector, Rcnn) else model.detector.head
    return count_flops(lambda: heads(model.levels(images)), model).total


@pytest.mark.usefixtures("all_weights_zero")
@pytest.mark.parametrize(
    ("name", "cost"),
    [
        pytest.param(name, cost, marks=marks_of(name), id="-".join((name, cost.task, *map(str, cost.config.values()))))
        for name, cost in COSTS
    ],
)
def test_a_card_says_what_a_method_costs(name, cost):
    with torch.device("meta"):
        model = build_from(spec_of(name, cost.task, cost.classes, cost.config)).eval()
    assert count_parameters(model) == cost.parameters
    if cost.task == "pretraining":
        model = build(name, cost.config, task=cost.task, classes=model.spec.classes).eval()
        batch = noise_batch(model.spec, cost.size)
        assert count_flops(lambda: one_pass(model, batch), model).total == cost.flops
        return
    second = 0
    if cost.second_stage is not None:
        head = model.detector.roi_head.bbox_head
        shape = (cost.second_stage.proposals, model.spec.config["head_channels"], BOX_SIDE, BOX_SIDE)
        pooled = torch.empty(shape, device="meta")
        second = count_flops(lambda: head(pooled), model).total
        assert second == cost.second_stage.flops
    assert counted(model, cost.size) + second == cost.flops


def test_predicting_counts_what_the_logits_count():
    model = build("mfnet", {}, task="semantic", classes={number: str(number) for number in range(9)}).eval()
    cost = method_card("mfnet").costs[0]
    assert count_flops(lambda: model.predict(noise_batch(model.spec, cost.size)), model).total == cost.flops


@pytest.mark.parametrize(
    ("name", "cost"), PUBLISHED, ids=[f"{name}-{cost.parameters_millions}" for name, cost in PUBLISHED]
)
def test_costs_of_others_come_out_of_the_formulas_when_they_are_counted_as_they_count(name, cost):
    with torch.device("meta"):
        own = build_from(spec_of(name, "semantic", cost.classes, cost.config)).eval()
        formulas = None if name in PLAIN else formulas_of(name, cost.classes, cost.config).eval()
        images = network_images(own, cost.size)
    assert formulas is None or count_parameters(own) == count_parameters(formulas)
    assert count_parameters(own) / 1e6 == pytest.approx(cost.parameters_millions, abs=0.051)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        own.logits(images) if formulas is None else formulas(*images.values())
    counted = counter.get_flop_counts()["Global"]
    attention = counted[torch.ops.aten.bmm] if cost.counts == "convolutions and linear layers" else 0
    giga_macs = (sum(counted.values()) - attention) / 2e9
    assert giga_macs == pytest.approx(cost.counted_giga_macs, abs=0.005)
    # The rest is normalisation, activation and resizing, of which tools count some.
    assert giga_macs == pytest.approx(cost.giga_macs, rel=0.011)
    assert giga_macs < cost.giga_macs


def test_the_page_repeats_the_cards():
    rows = re.findall(
        r"^\| `(\w+)` \| (.*?) \| (\w+) \| (\d+) x (\d+) \| (\d+) \| ([\d,]+) \| ([\d.]+) \|$", PAGE, re.MULTILINE
    )
    assert rows == [
        (
            name,
            ", ".join(f"{key}: {value}" for key, value in c.config.items()),
            *(c.task, str(c.size[0]), str(c.size[1]), str(c.classes), f"{c.parameters:,}", f"{c.flops / 1e9:.2f}"),
        )
        for name, c in COSTS
    ]


def test_the_page_repeats_the_costs_of_others():
    rows = re.findall(
        r"^\| `(\w+)` \| (.*?) \| (\d+) x (\d+) \| (\d+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| (.*?) \| (.*?) \|$",
        PAGE,
        re.MULTILINE,
    )
    assert [row[:8] for row in rows] == [
        (
            name,
            ", ".join(f"{key}: {value}" for key, value in c.config.items()),
            *(str(c.size[0]), str(c.size[1]), str(c.classes), f"{c.parameters_millions:g}"),
            *(f"{c.giga_macs:g}", f"{c.counted_giga_macs:g}"),
        )
        for name, c in PUBLISHED
    ]
    assert [row[8] for row in rows] == [c.counts for _, c in PUBLISHED]
    counted_by_others = [c.source.startswith("authors' code") for _, c in PUBLISHED]
    assert [row[9] for row in rows] == ["code" if counted else "printed" for counted in counted_by_others]
