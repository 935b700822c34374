"""mmsegmentation, imported once as the bridge imports it; and the data that it reads."""

import pytest

from ..exporting.conftest import prepare_fake
from ..loading.tiny import prepare_tiny


@pytest.fixture(scope="session")
def bridge():
    for library in ("mmcv", "mmengine", "mmseg"):
        pytest.importorskip(library)
    from rgbtbench.bridges import mmseg

    return mmseg


@pytest.fixture(scope="session")
def mfnet(tmp_path_factory):
    """Rendered scenes with MFNet's nine classes."""
    return prepare_fake(tmp_path_factory.mktemp("mfnet"), "mfnet", "mrfs", {"train": 8, "test": 3})


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A 16-bit second camera of half the size, class ids with gaps, ignored pixels."""
    return prepare_tiny(tmp_path_factory.mktemp("tiny"))
