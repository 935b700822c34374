from __future__ import annotations

import pytest
import torch

from rgbtbench.errors import RecipeError
from rgbtbench.training.objective import total_loss

TERMS = {"ohem": torch.tensor(2.0), "auxiliary_ohem": torch.tensor(3.0), "dice": torch.tensor(5.0)}


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({}, 10.0),
        ({"dice": 0.5}, 7.5),
        ({"auxiliary_*": 0.4}, 2 + 1.2 + 5),
        ({"*ohem": 2.0, "auxiliary_*": 0.5}, 4 + 3 + 5),
        ({"dice": 0.0}, 5.0),
    ],
)
def test_terms_are_weighed_by_all_patterns_that_match(weights, expected):
    assert total_loss(TERMS, weights).item() == pytest.approx(expected)


def test_a_weight_of_no_term_is_named():
    with pytest.raises(RecipeError, match=r"losses\.weights: no term 'dise' of the loss; did you mean dice"):
        total_loss(TERMS, {"dise": 1.0})
