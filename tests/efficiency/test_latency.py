"""The protocol of timing, on a clock of our own."""

import pytest

from rgbtbench.efficiency import latency


@pytest.fixture
def clock(monkeypatch):
    """Let each call take as many seconds as the next of a list, the last for ever."""

    class Clock:
        def __init__(self):
            self.now, self.durations, self.calls = 0.0, [0.01], 0

        def perf_counter(self):
            return self.now

        def call(self):
            self.now += self.durations[min(self.calls, len(self.durations) - 1)]
            self.calls += 1

    it = Clock()
    monkeypatch.setattr(latency.time, "perf_counter", it.perf_counter)
    return it


def test_twenty_calls_warm_up_and_two_hundred_are_timed(clock):
    clock.durations = [9.0] * 20 + [0.001 * (1 + number) for number in range(200)]
    found = latency.measure_latency(clock.call, device="cpu", seconds=1e9)
    assert (found.warm_up, found.runs) == (20, 200)
    # 1 to 200 ms, none of the slow ones before.
    assert found.median == pytest.approx(100.5)
    assert found.p10 == pytest.approx(20.9)
    assert found.p90 == pytest.approx(180.1)


def test_a_limit_ends_it_early_and_the_number_of_runs_says_so(clock):
    clock.durations = [1.0]
    found = latency.measure_latency(clock.call, device="cpu", seconds=30.0)
    assert (found.warm_up, found.runs) == (15, 15)


def test_three_calls_are_timed_whatever_the_limit(clock):
    clock.durations = [100.0]
    found = latency.measure_latency(clock.call, device="cpu", seconds=1.0)
    assert (found.warm_up, found.runs, found.median) == (1, 3, 100_000.0)


def test_a_gpu_is_waited_for_before_and_after_every_call(clock, monkeypatch):
    waited = []
    monkeypatch.setattr(latency.torch.cuda, "synchronize", lambda device: waited.append((device, clock.calls)))
    latency.measure_latency(clock.call, device="cuda", seconds=1e9, warm_up=1, runs=3)
    assert waited == [("cuda", calls) for number in range(4) for calls in (number, number + 1)]
