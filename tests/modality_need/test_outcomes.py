"""What three models make of an object, by hand."""

import numpy as np
import pytest

from rgbtbench.modality_need.outcomes import MEANINGS, SHARES, outcome, shares_of

#: Found by RGB, thermal and fusion, in the order of the outcome's number.
ALL = np.array([[rgb, thermal, fusion] for fusion in (0, 1) for thermal in (0, 1) for rgb in (0, 1)], bool)


def test_an_outcome_has_a_bit_for_every_model():
    assert outcome(*ALL.T).tolist() == list(range(8))


@pytest.mark.parametrize(
    ("rgb", "thermal", "fusion", "counted"),
    [
        (1, 0, 1, {"rgb_only", "fusion"}),
        (1, 0, 0, {"rgb_only", "lost"}),
        (0, 1, 1, {"thermal_only", "fusion"}),
        (0, 1, 0, {"thermal_only", "lost"}),
        (1, 1, 1, {"either", "fusion"}),
        (1, 1, 0, {"either", "lost"}),
        (0, 0, 1, {"neither", "fusion", "gained"}),
        (0, 0, 0, {"neither"}),
    ],
)
def test_an_outcome_counts_in_its_shares(rgb, thermal, fusion, counted):
    number = outcome(*(np.array([found], bool) for found in (rgb, thermal, fusion)))
    counts = np.bincount(number, minlength=8)[None].astype(float)
    assert {name for name, share in shares_of(counts).items() if share[0] == 100} == counted


def test_of_nothing_there_are_no_shares():
    assert all(np.isnan(share[0]) for share in shares_of(np.zeros((1, 8))).values())


def test_the_first_four_shares_are_everything():
    counts = np.random.default_rng(0).integers(0, 50, (5, 8)).astype(float)
    shares = shares_of(counts)
    assert sum(shares[name] for name in list(SHARES)[:4]) == pytest.approx(np.full(5, 100.0))


def test_every_share_says_what_it_means():
    assert list(MEANINGS) == list(SHARES)
