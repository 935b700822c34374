from __future__ import annotations

import pytest
import torch
from torch.optim import lr_scheduler

from rgbtbench.training.schedule import learning_rate, total_steps

from .recipes import recipe

SAMPLES, BATCH = 20, 4
PER_EPOCH = SAMPLES // BATCH


def rates(**changes):
    plan = recipe(batch_size=BATCH, steps=15, **{"warm_up": None, **changes})
    return [learning_rate(plan, step, steps=15, samples=SAMPLES) for step in range(15)]


def torch_rates(make_scheduler, interval=1):
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.003)
    scheduler = make_scheduler(optimiser)
    seen = []
    for step in range(15):
        seen.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        if (step + 1) % interval == 0:
            scheduler.step()
    return seen


def test_exponential_decay_falls_once_per_epoch_as_torch_does():
    expected = torch_rates(lambda optimiser: lr_scheduler.ExponentialLR(optimiser, 0.95), interval=PER_EPOCH)
    assert rates(schedule={"name": "exponential", "gamma": 0.95}) == pytest.approx(expected)


def test_cosine_is_torchs():
    expected = torch_rates(lambda optimiser: lr_scheduler.CosineAnnealingLR(optimiser, 15))
    assert rates(schedule={"name": "cosine"}) == pytest.approx(expected)


def test_polynomial_is_torchs():
    expected = torch_rates(lambda optimiser: lr_scheduler.PolynomialLR(optimiser, 15, 0.9))
    assert rates(schedule={"name": "poly", "power": 0.9}) == pytest.approx(expected)


def test_warm_up_rises_in_equal_steps_and_the_schedule_begins_after_it():
    found = rates(schedule={"name": "constant"}, warm_up={"steps": 3, "start": 0.1})
    assert found[:4] == pytest.approx([0.003 * 0.4, 0.003 * 0.7, 0.003, 0.003])
    cosine = rates(schedule={"name": "cosine", "final": 0.1}, warm_up={"steps": 5})
    assert cosine[5] == pytest.approx(0.003)
    assert cosine[10] == pytest.approx(0.003 * 0.55)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({"steps": 7}, 7), ({"steps": None, "epochs": 3}, 15), ({"steps": None, "epochs": 1, "accumulate": 2}, 3)],
)
def test_epochs_are_counted_in_samples_and_rounded_up_to_steps(changes, expected):
    assert total_steps(recipe(batch_size=BATCH, **changes), SAMPLES) == expected
