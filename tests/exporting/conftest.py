"""Prepared data to export, made once and not to be changed."""

import pytest

from rgbtbench.datasets.registry import dataset
from rgbtbench.shards.build import prepare_dataset

from ..aerial import prepare_aerial
from ..loading.tiny import prepare_tiny


def prepare_fake(folder, name, layout_name, counts):
    """Prepare a dataset's own fake tree, and return where."""
    source = dataset(name)
    (layout,) = (layout for layout in source.layouts if layout.name == layout_name)
    (folder / "raw").mkdir()
    source.fake(folder / "raw", layout, counts, 0)
    prepare_dataset(name, folder / "raw", folder / name, workers=1, allow_differences=True)
    return folder / name


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """7 training and 5 test samples with labels of every kind and a 16-bit second camera of half the size."""
    return prepare_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def scenes(tmp_path_factory):
    """Rendered scenes: boxes with occlusion, contrast and regions to pass over."""
    return prepare_fake(tmp_path_factory.mktemp("scenes"), "synthetic", "official", {"test": 6})


@pytest.fixture(scope="session")
def aerial(tmp_path_factory):
    """Float32 rasters, 16 bits, several views, oriented boxes."""
    return prepare_aerial(tmp_path_factory.mktemp("aerial"))


@pytest.fixture(scope="session")
def llvip(tmp_path_factory):
    return prepare_fake(tmp_path_factory.mktemp("llvip"), "llvip", "official", {"train": 3, "test": 2})


@pytest.fixture(scope="session", params=["official", "mrfs"])
def mfnet(request, tmp_path_factory):
    """From the four-channel files, whose pixels are stored anew, and from a layout that is stored as it is."""
    counts = {"train": 3, "val": 1, "test": 2}
    return prepare_fake(tmp_path_factory.mktemp("mfnet"), "mfnet", request.param, counts)
