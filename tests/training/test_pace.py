from __future__ import annotations

import pytest

from rgbtbench.training.pace import describe_pace


@pytest.mark.parametrize(
    ("waited", "expected"),
    [
        (0.0, "10 steps per second, bound by compute: 0% of the time went into waiting for data"),
        (1.0, "10 steps per second, bound by compute: 10% of the time went into waiting for data"),
        (6.0, "10 steps per second, bound by data: 60% of the time went into waiting for it; raise --workers or "),
    ],
)
def test_a_training_is_bound_by_data_where_it_waits_for_it(waited, expected):
    assert describe_pace(waited, 10.0, 100).startswith(expected)
