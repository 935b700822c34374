"""Results come in the order of the items, however long each takes."""

import threading
from contextlib import closing

import pytest

from rgbtbench import threads


@pytest.mark.parametrize("cores", [1, 3])
def test_results_come_in_the_order_of_the_items(monkeypatch, cores):
    monkeypatch.setattr(threads, "available_cores", lambda: cores)
    first_waits = threading.Event()

    def square(number):
        if number == 0 and cores > 1:
            first_waits.wait(5)
        if number == 1:
            first_waits.set()
        return number * number

    assert list(threads.in_order(square, range(20))) == [number * number for number in range(20)]


def test_the_first_error_in_order_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(threads.in_order(lambda number: 1 // number, [2, 1, 0, None]))


def test_items_are_made_only_as_they_are_needed(monkeypatch):
    monkeypatch.setattr(threads, "available_cores", lambda: 2)
    made = []

    def items():
        for number in range(1000):
            made.append(number)
            yield number

    with closing(threads.in_order(str, items())) as results:
        assert next(results) == "0"
    assert len(made) < 10
