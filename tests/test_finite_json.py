"""Whatever floats a result holds, what is written down is JSON."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from rgbtbench.finite_json import finite

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
)


def refuse(constant):
    raise AssertionError(f"{constant} is no JSON")


@given(VALUES)
def test_a_strict_reader_reads_it_and_finite_numbers_are_kept(value):
    text = json.dumps(finite(value), allow_nan=False)
    assert json.loads(text, parse_constant=refuse) == finite(value)


def test_numbers_that_do_not_exist_are_null_at_any_depth():
    odd = {"loss": math.nan, "bounds": [-math.inf, 1.5, (math.inf, 2)], "note": "NaN", "n": 3, "ok": True}
    assert finite(odd) == {"loss": None, "bounds": [None, 1.5, [None, 2]], "note": "NaN", "n": 3, "ok": True}
