"""Prepared data to describe, made once. Not to be changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from rgbtbench.cards import dataset_card
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets import dataset
from rgbtbench.shards.build import prepare, prepare_dataset

from .. import aerial as rasters
from ..shards.street import SMALL_SHARDS, Street, card


@dataclass(frozen=True)
class Prepared:
    """Prepared data and the card of its dataset."""

    card: DatasetCard
    data: Path


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory):
    """The embedded dataset: five label sets of all kinds, JPEG and PNG."""
    folder = tmp_path_factory.mktemp("synthetic")
    source = dataset("synthetic")
    (folder / "raw").mkdir()
    source.fake(folder / "raw", source.layouts[0], {"train": 3, "test": 4}, seed=0)
    prepare_dataset("synthetic", folder / "raw", folder / "shards", workers=1, allow_differences=True)
    return Prepared(dataset_card("synthetic"), folder / "shards")


@pytest.fixture(scope="session")
def street(tmp_path_factory):
    """Several shards per split, 16-bit images, empty boxes, attributes that are null, keys that were mapped."""
    folder = tmp_path_factory.mktemp("street")
    Street().fake(folder / "raw", Street.layouts[0], {"train": 7, "test": 4}, seed=0)
    prepare(
        Street(), card(), folder / "raw", folder / "shards", options=SMALL_SHARDS, workers=1, allow_differences=True
    )
    return Prepared(card(), folder / "shards")


@pytest.fixture(scope="session")
def overlapping(tmp_path_factory):
    """Two training lists, one of which repeats samples of the other."""
    folder = tmp_path_factory.mktemp("overlapping")
    Street().fake(folder / "raw", Street.layouts[0], {"train": 4, "test": 2}, seed=0)
    (folder / "raw" / "few.txt").write_text("train.0001\ntrain.0003\n")
    prepare(
        Street(), card(), folder / "raw", folder / "shards", options=SMALL_SHARDS, workers=1, allow_differences=True
    )
    return Prepared(card(), folder / "shards")


class Withheld(Street):
    """A street whose test labels are not published."""

    def pair(self, root, layout, entry):
        pair = super().pair(root, layout, entry)
        return replace(pair, labels={}) if entry.split == "test" else pair


@pytest.fixture(scope="session")
def withheld(tmp_path_factory):
    """Labels for training alone."""
    folder = tmp_path_factory.mktemp("withheld")
    Street().fake(folder / "raw", Street.layouts[0], {"train": 4, "test": 2}, seed=0)
    prepare(
        Withheld(), card(), folder / "raw", folder / "shards", options=SMALL_SHARDS, workers=1, allow_differences=True
    )
    return Prepared(card(), folder / "shards")


@pytest.fixture(scope="session")
def aerial(tmp_path_factory):
    """Rasters of float32, oriented boxes, no test split."""
    return Prepared(rasters.CARD, rasters.prepare_aerial(tmp_path_factory.mktemp("aerial")))
