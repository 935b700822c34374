"""Whole trees of every dataset and layout, rendered and real, made once and never changed."""

import pytest

from tests.hostile.official_trees import fake_trees
from tests.hostile.real_trees import real_trees


@pytest.fixture(scope="session")
def whole_trees(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return [*fake_trees(folder), *real_trees(folder)]
