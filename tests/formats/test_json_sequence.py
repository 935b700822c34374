"""JSON values one after another: with commas, without, and what is no JSON."""

from pathlib import Path

import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.json_sequence import json_sequence

FILE = Path("rows.json")


@pytest.mark.parametrize(
    ("text", "values"),
    [('{"a": 1}{"a": 2}', [{"a": 1}, {"a": 2}]), ('{"a": 1},\n{"a": 2},\n', [{"a": 1}, {"a": 2}]),
     ("[1, 2]", [[1, 2]]), ('"a"\n"b"', ["a", "b"]), (" \n", [])],
)  # fmt: skip
def test_values_may_follow_each_other(text, values):
    assert list(json_sequence(text, FILE)) == values


@pytest.mark.parametrize(
    ("text", "line"),
    [('{"a": 1},\n{"a": }', 2), ('{"a": 1}\n]', 2), ('{"a": NaN}', 1), ("[" * 100_000, 1), ('{"a": 1},\n\n{"a"', 3)],
)
def test_what_is_no_json_names_its_line(text, line):
    with pytest.raises(InputFileError, match=rf"rows\.json:{line}: not JSON"):
        list(json_sequence(text, FILE))
