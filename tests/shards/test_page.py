"""docs/formats/shards.md says what the code does, field by field."""

import re
from pathlib import Path

import pandas as pd
import pytest

from rgbtbench.shards import manifest, quarantine, record

PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "shards.md").read_text()
MODELS = [
    record.SampleRecord,
    record.ImageRecord,
    record.MaskRecord,
    record.BoxesRecord,
    record.TextRecord,
    manifest.Manifest,
    manifest.Split,
    manifest.Shard,
    manifest.LabelSet,
    manifest.PlanFacts,
    quarantine.Refusal,
]


def described(section):
    text = PAGE.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_page_describes_every_field_and_no_other(model):
    assert described(model.__name__) == list(model.model_fields)


def test_the_page_describes_every_index_column_and_no_other(pristine):
    patterns = [re.sub(r"<\w+>", r"[\\w.]+", name.replace(".", r"\.")) for name in described("Index")]
    columns = list(pd.read_parquet(pristine / "index.parquet").columns)
    matches = {column: [pattern for pattern in patterns if re.fullmatch(pattern, column)] for column in columns}
    assert all(matches.values()), matches
    assert {pattern for found in matches.values() for pattern in found} == set(patterns)


def test_the_page_draws_the_folder_as_it_is(pristine):
    drawn = PAGE.split("```\n", 2)[1]
    for path in pristine.iterdir():
        assert path.name in drawn, path


def test_the_page_states_the_versions():
    assert PAGE.startswith(f"# Shards, version {manifest.VERSION}\n")
    assert f"| `version` | {record.RECORD_VERSION} | version of the record |" in PAGE
    assert f"| `format` | `{manifest.FORMAT}` | |" in PAGE
