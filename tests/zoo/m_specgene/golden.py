"""What the authors' M-SpecGene computed, recorded."""

from __future__ import annotations

import numpy as np
import pytest

from ..references import GOLDEN

_FOLDER = GOLDEN / "models" / "m-specgene"
needs_golden = pytest.mark.skipif(not _FOLDER.is_dir(), reason="outputs of the authors' code are not on this machine")


def golden(name: str):
    """Arrays of one file, opened lazily."""
    return np.load(_FOLDER / f"{name}.npz")
