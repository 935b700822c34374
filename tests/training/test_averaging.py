from __future__ import annotations

import pytest
import torch

from rgbtbench.training.averaging import MovingAverage


@pytest.fixture
def model():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))


def test_the_decay_grows_from_a_tenth_to_the_one_asked_for(model):
    average = MovingAverage(model, 0.5)
    expected = 0.0
    with torch.no_grad():
        model[0].weight.zero_()
    average.state["0.weight"].zero_()
    for update in range(12):
        with torch.no_grad():
            model[0].weight.fill_(update + 1.0)
        average.update(model)
        decay = min(0.5, (1 + update) / (10 + update))
        expected = decay * expected + (1 - decay) * (update + 1)
        assert average.state["0.weight"][0, 0].item() == pytest.approx(expected, rel=1e-6)


def test_counters_are_copied_and_statistics_averaged(model):
    average = MovingAverage(model, 0.9)
    model(torch.randn(4, 2))
    average.update(model)
    assert average.state["1.num_batches_tracked"].item() == 1
    assert average.state["1.running_mean"].dtype == torch.float32


def test_the_model_is_as_before_after_a_look_with_averaged_weights(model):
    average = MovingAverage(model, 0.9)
    with torch.no_grad():
        model[0].weight.add_(1)
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    with average.applied_to(model):
        assert not torch.equal(model[0].weight, before["0.weight"])
    assert all(torch.equal(tensor, before[key]) for key, tensor in model.state_dict().items())


def test_its_state_comes_back(model):
    average = MovingAverage(model, 0.9)
    average.update(model)
    other = MovingAverage(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2)), 0.9)
    other.load_state_dict(average.state_dict())
    assert other.updates == 1
    assert all(torch.equal(other.state[key], tensor) for key, tensor in average.state.items())
