"""What cards and docs/efficiency.md say that methods cost is what is counted."""

import re
from pathlib import Path

import pytest
from torch import nn

from rgbtbench.cards import method_card, method_names
from rgbtbench.efficiency.flops import count_flops
from rgbtbench.efficiency.inputs import noise_batch
from rgbtbench.efficiency.parameters import count_parameters
from rgbtbench.zoo.registry import build

PAGE = (Path(__file__).parents[2] / "docs" / "efficiency.md").read_text()
COSTS = [(name, cost) for name in method_names() for cost in method_card(name).costs]


@pytest.fixture
def all_weights_zero(monkeypatch):
    """Networks cost the same whatever their weights, and drawing them takes longer than counting."""
    for name in ("trunc_normal_", "normal_", "uniform_", "kaiming_uniform_", "kaiming_normal_", "xavier_uniform_"):
        monkeypatch.setattr(nn.init, name, lambda tensor, *arguments, **options: tensor.data.zero_())


@pytest.mark.usefixtures("all_weights_zero")
@pytest.mark.parametrize(("name", "cost"), COSTS, ids=[f"{name}-{cost.task}" for name, cost in COSTS])
def test_a_card_says_what_a_method_costs(name, cost):
    classes = {number: str(number) for number in range(cost.classes)}
    model = build(name, {}, task=cost.task, classes=classes).eval()
    batch = noise_batch(model.spec, cost.size)
    assert count_parameters(model) == cost.parameters
    assert count_flops(lambda: model.predict(batch), model).total == cost.flops


def test_the_page_repeats_the_cards():
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\d+) x (\d+) \| (\d+) \| ([\d,]+) \| ([\d.]+) \|$", PAGE, re.MULTILINE)
    assert rows == [
        (name, c.task, str(c.size[0]), str(c.size[1]), str(c.classes), f"{c.parameters:,}", f"{c.flops / 1e9:.2f}")
        for name, c in COSTS
    ]
