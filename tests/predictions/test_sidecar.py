"""The page about predictions says what the code does."""

import json
import re
from pathlib import Path

import pytest

from rgbtbench.errors import PredictionError
from rgbtbench.predictions import Sidecar, TextPrediction
from rgbtbench.predictions.members import MAX_RATIO
from rgbtbench.predictions.sidecar import parse_sidecar, sidecar_bytes
from rgbtbench.predictions.texts import MAX_ANSWER, text_line

PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "predictions.md").read_text()


def fields(section):
    text = PAGE.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)


def test_the_page_describes_every_field_and_no_other():
    assert fields("Sidecar") == list(Sidecar.model_fields)
    assert fields("Detection") == ["image_id", "category_id", "bbox", "score", "polygon"]
    assert fields("Language") == ["key", "answer", "task"]
    assert set(fields("Language")) == set(json.loads(text_line(TextPrediction("a", "b", "c"))))


def test_the_page_states_version_and_limits():
    assert PAGE.startswith(f"# Predictions, version {Sidecar.model_fields['version'].default}\n")
    assert f"more than {MAX_RATIO} times its own size" in PAGE
    assert f"{MAX_ANSWER:,} characters" in PAGE


def test_a_sidecar_comes_back_as_it_was_written():
    sidecar = Sidecar(task="semantic", dataset="a", edition="official", split="test", label_set="b", condition="c")
    assert parse_sidecar(sidecar_bytes(sidecar), path="x") == sidecar


WHOLE = '{"task": "semantic", "dataset": "a", "edition": "official", "split": "test", "label_set": "b"}'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", r"predictions\.json holds no object of fields"),
        ("{", r"predictions\.json is not JSON"),
        (WHOLE[:-1] + ', "": 1}', r"predictions\.json: a field without a name: Extra inputs"),
        ("{}", r"predictions\.json: task: Field required"),
        (WHOLE[:-1] + ', "version": 2}', r"predictions\.json: version: Input should be 1"),
    ],
)
def test_a_faulty_sidecar_names_what_is_wrong(content, message):
    with pytest.raises(PredictionError, match=message):
        parse_sidecar(content.encode(), path="x")
