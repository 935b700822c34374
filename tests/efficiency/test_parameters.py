"""Parameters: each once, buffers none, frozen ones not trainable."""

from torch import nn

from rgbtbench.efficiency.parameters import count_parameters, count_trainable


def test_a_layer_of_known_size():
    assert count_parameters(nn.Conv2d(3, 8, 5)) == 3 * 8 * 25 + 8


def test_a_shared_layer_counts_once_and_running_statistics_not_at_all():
    shared = nn.Linear(4, 4, bias=False)
    assert count_parameters(nn.Sequential(shared, nn.BatchNorm1d(4), shared)) == 16 + 8


def test_frozen_parameters_are_parameters_and_not_trainable():
    network = nn.Sequential(nn.Linear(4, 2), nn.Linear(2, 3))
    network[0].requires_grad_(False)
    assert (count_parameters(network), count_trainable(network)) == (10 + 9, 9)
