"""Two processes that hold parts of a batch, played by one after the other."""

from __future__ import annotations

import pytest
import torch
from torch import distributed

from rgbtbench.zoo.normalisation import mean_over_processes


@pytest.fixture
def of_two(monkeypatch):
    """Return a function that computes what a process of two computes, given the count of the other."""

    def compute(total, count, other):
        monkeypatch.setattr(distributed, "is_initialized", lambda: True)
        monkeypatch.setattr(distributed, "get_world_size", lambda: 2)
        monkeypatch.setattr(distributed, "all_reduce", lambda tensor: tensor.add_(other))
        return float(mean_over_processes(torch.tensor(total), torch.tensor(count)))

    return compute


@pytest.mark.parametrize(("totals", "counts"), [((6.0, 1.0), (3, 2)), ((6.0, 0.0), (1, 0)), ((0.0, 0.0), (0, 0))])
def test_the_mean_of_two_processes_is_the_loss_of_one_with_the_whole_batch(of_two, totals, counts):
    """One box among two processes weighs as much as one box in one."""
    own, other = (of_two(totals[rank], counts[rank], counts[1 - rank]) for rank in (0, 1))
    assert (own + other) / 2 == pytest.approx(sum(totals) / max(sum(counts), 1))
