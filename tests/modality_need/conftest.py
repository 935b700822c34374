"""Rendered scenes whose labels say how well each camera shows every thing."""

import pytest

from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset
from rgbtbench.shards.build import prepare


@pytest.fixture(scope="session")
def scenes(tmp_path_factory):
    folder, source = tmp_path_factory.mktemp("scenes"), dataset("synthetic")
    source.fake(folder / "raw", source.layouts[0], {"test": 24}, seed=11)
    card = dataset_card("synthetic")
    prepare(source, card, folder / "raw", folder / "out", workers=1, allow_differences=True)
    return folder / "out"
