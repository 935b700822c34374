"""Optional real data beside the repository; tests that need it say so when it is absent."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / ".." / "shared"
SAMPLES = SHARED / "samples"


def needs(*parts: str):
    """A mark that skips a test unless `../shared/<part>` is there."""
    missing = [part for part in parts if not (SHARED / part).exists()]
    return pytest.mark.skipif(bool(missing), reason=f"real data is not at ../shared/{', ../shared/'.join(missing)}")
