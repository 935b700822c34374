"""The items of a batch come in order, however many of them are decoded at a time."""

import threading

import numpy as np
import pytest
import torch

from rgbtbench.errors import ShardError
from rgbtbench.loading.item import Item
from rgbtbench.loading.items import ItemSource
from rgbtbench.loading.sampler import Draw

DRAWS = [Draw(number) for number in range(6)]


class Numbers(ItemSource):
    """Samples that are numbers; each waits until `at_once` are being decoded."""

    def __init__(self, *, at_once: int, cached: bool = False, faulty: tuple[int, ...] = ()):
        self.together = threading.Barrier(at_once, timeout=20)
        self.kept = cached
        self.faulty = faulty
        self.threads: set[int] = set()

    @property
    def cached(self):
        return self.kept

    @property
    def unchanged(self):
        return False

    def sample(self, draw, room=None):
        self.threads.add(threading.get_ident())
        self.together.wait()
        if draw.index in self.faulty:
            raise ShardError(f"{draw.index} is damaged")
        return draw.index

    def item(self, draw, sample):
        assert sample == draw.index
        assert threading.current_thread() is threading.main_thread()
        return Item(key=str(sample), images={"rgb": np.zeros((1, 1, 1), np.uint8)}, size=(1, 1))


@pytest.fixture
def three_threads(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)


@pytest.mark.usefixtures("three_threads")
def test_as_many_are_decoded_at_a_time_as_torch_may_use_threads():
    source = Numbers(at_once=3)
    assert [item.key for item in source.__getitems__(DRAWS)] == list("012345")
    assert threading.get_ident() not in source.threads


@pytest.mark.usefixtures("three_threads")
def test_where_samples_stay_decoded_there_is_one_thread():
    source = Numbers(at_once=1, cached=True)
    assert [item.key for item in source.__getitems__(DRAWS)] == list("012345")
    assert source.threads == {threading.get_ident()}


def test_where_torch_may_use_one_thread_there_is_one(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    source = Numbers(at_once=1)
    assert [item.key for item in source.__getitems__(DRAWS)] == list("012345")
    assert source.threads == {threading.get_ident()}


@pytest.mark.usefixtures("three_threads")
def test_the_first_error_in_order_is_the_one_that_is_raised():
    items = iter(Numbers(at_once=1, faulty=(4, 2)).__getitems__(DRAWS))
    assert [next(items).key, next(items).key] == ["0", "1"]
    with pytest.raises(ShardError, match="2 is damaged"):
        next(items)
