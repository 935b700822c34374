"""What `--json` prints is JSON, whatever a run came to."""

import json

import pytest

from rgbtbench.cli.output import print_json


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_printed_as_null(capsys, number):
    print_json({"metrics": {"loss": number, "miou": 51.25}, "per_class": [number]})
    text = capsys.readouterr().out
    assert json.loads(text, parse_constant=pytest.fail) == {
        "metrics": {"loss": None, "miou": 51.25},
        "per_class": [None],
    }
