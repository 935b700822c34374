from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rgbtbench.shards.build import prepare
from tests.blobs import COUNTS, Blobs, card


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared dataset of 10 train, 5 val and 3 test pairs of 64x48 pixels."""
    raw, out = tmp_path_factory.mktemp("blobs-raw"), tmp_path_factory.mktemp("blobs") / "prepared"
    source = Blobs()
    source.fake(raw, source.layouts[0], COUNTS, seed=0)
    prepare(source, card(), raw, out, workers=1)
    return out
