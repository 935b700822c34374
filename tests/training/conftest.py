from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.blobs import prepare_blobs

#: Lamps, and humans: coarser than the persons of blobs.
SPARKS = ((2, "nothing", "unlabeled"), (3, "lantern", "street_lamp"), (0, "figure", "human"))


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared dataset of 10 train, 5 val and 3 test pairs of 64x48 pixels."""
    return prepare_blobs(tmp_path_factory.mktemp("blobs"))


@pytest.fixture(scope="session")
def sparks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6 train, 3 val and 2 test pairs with `nir` for `lwir`, other ids, and humans where blobs have persons."""
    counts = {"train": 6, "val": 3, "test": 2}
    folder = tmp_path_factory.mktemp("sparks")
    return prepare_blobs(folder, name="sparks", second="nir", classes=SPARKS, counts=counts, seed=5)
