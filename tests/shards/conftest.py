"""One prepared street, made once; tests that change it take a copy."""

import shutil

import pytest

from rgbtbench.shards.build import prepare

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
    prepare(Street(), card(), official, out, options=SMALL_SHARDS, workers=1)
    return out


@pytest.fixture
def raw(official, tmp_path):
    return shutil.copytree(official, tmp_path / "raw")


@pytest.fixture
def prepared(pristine, tmp_path):
    return shutil.copytree(pristine, tmp_path / "prepared")
