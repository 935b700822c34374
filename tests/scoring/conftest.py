"""The town, prepared once, with its card among the known ones."""

import pytest

from rgbtbench.cards import catalog
from rgbtbench.loading.prepared import open_split
from tests.scoring.town import prepare_town, write_card


@pytest.fixture(scope="session")
def prepared_town(tmp_path_factory):
    return prepare_town(tmp_path_factory.mktemp("town"))


@pytest.fixture
def truth(prepared_town):
    return open_split(prepared_town, "test")


@pytest.fixture
def known_town(tmp_path, monkeypatch):
    """Let the catalogue know the town as if a plugin brought its card."""
    files = {**catalog._dataset_files(), "town": write_card(tmp_path)}
    caches = (catalog.dataset_card, catalog._protocols)
    monkeypatch.setattr(catalog, "_dataset_files", lambda: files)
    for cache in caches:
        cache.cache_clear()
    yield
    monkeypatch.undo()
    for cache in caches:
        cache.cache_clear()
