"""The tiny dataset, prepared once for all tests of this folder."""

import pytest

from tests.loading.tiny import prepare_tiny


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    return prepare_tiny(tmp_path_factory.mktemp("tiny"))
