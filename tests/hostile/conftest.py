"""Whole trees of every dataset and layout, rendered and real, made once and never changed."""

import pytest

from tests.hostile.confined import POSSIBLE
from tests.hostile.official_trees import fake_trees
from tests.hostile.real_trees import real_trees

#: Those that measure run on Linux alone.
collect_ignore = (
    []
    if POSSIBLE
    else [
        *("test_archives.py", "test_arrays.py", "test_fuzz.py", "test_other_images.py", "test_prepared.py"),
        *("test_sizes.py", "test_trees.py"),
    ]
)


@pytest.fixture(scope="session")
def whole_trees(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return [*fake_trees(folder), *real_trees(folder)]
