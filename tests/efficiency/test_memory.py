"""Peak memory of a call."""

import mmap

import numpy as np
import pytest

from rgbtbench.efficiency import memory


def fill_fresh_pages():
    """Write to 160 MB that come from the system, whatever the process has kept of what it freed."""
    with mmap.mmap(-1, 160_000_000) as pages:
        np.frombuffer(pages, np.uint8)[::4096] = 1


@pytest.mark.skipif(not memory._STATUS.is_file(), reason="the system does not tell a process's resident memory")
def test_what_a_call_takes_at_its_peak_is_seen_though_it_gives_it_back():
    found = memory.measure_peak(fill_fresh_pages, device="cpu")
    assert 150e6 < found.bytes < 250e6
    assert "weights excluded" in found.what


def test_nothing_is_said_where_the_system_does_not_tell(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_RESET", tmp_path / "absent" / "file")
    called = []
    assert memory.measure_peak(lambda: called.append(1), device="cpu") is None
    assert called == []
