from __future__ import annotations

from pathlib import Path

import pytest

from rgbtbench.cards.recipe import load_recipe
from rgbtbench.training.run import train
from tests.training.conftest import blobs, one_thread

__all__ = ["blobs", "one_thread"]


@pytest.fixture(scope="session")
def run(blobs, tmp_path_factory) -> Path:
    """A pre-training of six steps that was looked at three times."""
    changes = ["data={train: train, validation: val}", "batch_size=4", "steps=6", "validation.every_steps=2"]
    return train(load_recipe("m_specgene/smoke", changes), blobs, tmp_path_factory.mktemp("run") / "run").folder
