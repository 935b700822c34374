from __future__ import annotations

import pytest

from rgbtbench.errors import RecipeError
from rgbtbench.training.patterns import matches, require_matches

NAMES = ["backbone.block1.0.norm1.weight", "backbone.block10.0.norm1.weight", "decode_head.linear_pred.bias", "alpha"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("backbone", NAMES[:2]),
        ("backbone.block1", NAMES[:1]),
        ("backbone.block?", NAMES[:1]),
        ("*.norm1", NAMES[:2]),
        ("*.bias", NAMES[2:3]),
        ("alpha", NAMES[3:]),
        ("*", NAMES),
        ("norm1", []),
        ("Backbone", []),
        ("*.block[2-9]", []),
    ],
)
def test_a_pattern_stands_for_names_and_for_all_that_lies_in_a_module(pattern, expected):
    assert [name for name in NAMES if matches(pattern, name)] == expected


@pytest.mark.parametrize(
    ("pattern", "remedy"),
    [
        ("decoder_head", "did you mean decode_head"),
        ("backbone.blok1", "did you mean .*backbone.block1"),
        ("zzz", "known: alpha, backbone, decode_head"),
    ],
)
def test_a_pattern_that_stands_for_nothing_is_an_error_that_lists_what_there_is(pattern, remedy):
    with pytest.raises(RecipeError, match=rf"freeze\.but: '{pattern}' matches no parameter of x; {remedy}"):
        require_matches(["alpha", pattern], NAMES, field="freeze.but", what="parameter of x")
