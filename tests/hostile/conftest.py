"""Whole trees of every dataset and layout, made once and never changed."""

import pytest

from tests.hostile.official_trees import fake_trees


@pytest.fixture(scope="session")
def whole_trees(tmp_path_factory):
    return list(fake_trees(tmp_path_factory.mktemp("whole")))
