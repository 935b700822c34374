"""Prepared streets, made once; tests that change one take a copy."""

import json
import shutil

import pytest

from rgbtbench.shards.build import prepare

from ..aerial import prepare_aerial
from .street import SMALL_SHARDS, Street, card


@pytest.fixture(scope="session")
def official(tmp_path_factory):
    """A folder of official files: 7 training and 4 test samples. Not to be changed."""
    root = tmp_path_factory.mktemp("street") / "official"
    Street().fake(root, Street.layouts[0], {"train": 7, "test": 4}, seed=0)
    return root


@pytest.fixture(scope="session")
def pristine(official, tmp_path_factory):
    """The prepared dataset of `official`. Not to be changed."""
    out = tmp_path_factory.mktemp("prepared") / "street"
    prepare(Street(), card(), official, out, options=SMALL_SHARDS, workers=1, allow_differences=True)
    return out


@pytest.fixture(scope="session")
def late(tmp_path_factory):
    """A prepared street whose first six samples have nothing to infer a type from.

    Boxes, captions and the temperature come in the seventh, with whole numbers; fractions in the eighth and ninth.
    """
    folder = tmp_path_factory.mktemp("late")
    Street().fake(folder / "raw", Street.layouts[0], {"train": 9, "test": 1}, seed=0)
    nothing = {"boxes": [], "captions": [], "temperature": None}
    whole = {"boxes": [[1, 2, 3, 9]], "captions": [" a street"], "temperature": 36.0}
    fractions = {"boxes": [[1, 2, 3, 9], [0.5, 2.25, 7, 9.125]], "captions": ["é", ""], "temperature": 36.6}
    for index, notes in enumerate([*[nothing] * 6, whole, fractions, fractions]):
        (folder / f"raw/notes/train.{index:04d}.json").write_text(json.dumps(notes))
    facts = card(editions={"official": {"splits": {"train": {"count": 9}, "test": {"count": 1}}}})
    prepare(Street(), facts, folder / "raw", folder / "street", options=SMALL_SHARDS, workers=1, allow_differences=True)
    return folder / "street"


@pytest.fixture(scope="session")
def aerial(tmp_path_factory):
    """Prepared: float32 rasters, 16 bits, oriented boxes, and none in the first sample. Not to be changed."""
    return prepare_aerial(tmp_path_factory.mktemp("aerial"))


@pytest.fixture(params=["pristine", "late"])
def street(request):
    """Each of the prepared streets. Not to be changed."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def raw(official, tmp_path):
    return shutil.copytree(official, tmp_path / "raw")


@pytest.fixture
def prepared(pristine, tmp_path):
    return shutil.copytree(pristine, tmp_path / "prepared")
