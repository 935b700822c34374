"""The planted dataset, prepared and audited once for all tests of this folder."""

import pytest

from rgbtbench.audit.audit import audit
from tests.audit.planted import prepare_planted


@pytest.fixture(scope="session")
def planted(tmp_path_factory):
    return prepare_planted(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="session")
def found(planted):
    return audit([str(planted)], workers=1)
