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


def test_a_polynomial_of_a_length_of_its_own_is_cut_off_where_the_training_ends():
    expected = torch_rates(lambda optimiser: lr_scheduler.PolynomialLR(optimiser, 40, 0.9))
    assert rates(schedule={"name": "poly", "power": 0.9, "steps": 40}) == pytest.approx(expected)
    assert rates(schedule={"name": "poly", "power": 2, "steps": 10})[9:] == pytest.approx([0.003 * 0.01, 0, 0, 0, 0, 0])


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


def test_a_step_schedule_is_torchs_in_epochs_and_in_steps():
    in_epochs = torch_rates(lambda optimiser: lr_scheduler.StepLR(optimiser, 2, 0.5), interval=PER_EPOCH)
    assert rates(schedule={"name": "step", "gamma": 0.5, "epochs": 2}) == pytest.approx(in_epochs)
    in_steps = torch_rates(lambda optimiser: lr_scheduler.StepLR(optimiser, 4, 0.5))
    assert rates(schedule={"name": "step", "gamma": 0.5, "steps": 4}) == pytest.approx(in_steps)


def test_a_multi_step_schedule_is_torchs_in_epochs_and_in_steps():
    in_epochs = torch_rates(lambda optimiser: lr_scheduler.MultiStepLR(optimiser, [1, 2], 0.1), interval=PER_EPOCH)
    assert rates(schedule={"name": "multi_step", "epochs": [1, 2]}) == pytest.approx(in_epochs)
    in_steps = torch_rates(lambda optimiser: lr_scheduler.MultiStepLR(optimiser, [3, 11], 0.1))
    assert rates(schedule={"name": "multi_step", "steps": [3, 11]}) == pytest.approx(in_steps)


def test_an_exponential_warm_up_is_delivers():
    """start ** (1 - t) over the first epochs, then (1 - t) ** 0.9 over the remaining ones."""
    found = rates(schedule={"name": "poly", "power": 0.9}, warm_up={"epochs": 1, "start": 0.1, "rise": "exponential"})
    rising = [0.003 * 0.1 ** (1 - step / PER_EPOCH) for step in range(PER_EPOCH)]
    falling = [0.003 * (1 - step / 10) ** 0.9 for step in range(10)]
    assert found == pytest.approx(rising + falling)
    assert found[0] == pytest.approx(0.0003)


def test_a_warm_up_may_replace_the_first_part_of_a_schedule():
    plain = rates(schedule={"name": "poly"})
    found = rates(schedule={"name": "poly"}, warm_up={"steps": 5, "schedule": "replaced"})
    assert found == pytest.approx([0.003 * (step + 1) / 5 for step in range(5)] + plain[5:])


def test_a_warm_up_may_be_multiplied_with_the_schedule_as_torch_chains_them():
    """torch's factor of step i is start + (1 - start) i / n: it begins one step earlier and ends as much sooner."""

    def chained(optimiser):
        rise = lr_scheduler.LinearLR(optimiser, start_factor=0.1 + 0.9 / 5, total_iters=4)
        return lr_scheduler.ChainedScheduler([rise, lr_scheduler.PolynomialLR(optimiser, 15, 0.9)])

    found = rates(schedule={"name": "poly"}, warm_up={"steps": 5, "start": 0.1, "schedule": "multiplied"})
    assert found == pytest.approx(torch_rates(chained))


def test_half_an_epoch_of_warm_up_is_rounded_up_to_steps():
    found = rates(schedule={"name": "constant"}, warm_up={"epochs": 0.5})
    assert found[:4] == pytest.approx([0.001, 0.002, 0.003, 0.003])
