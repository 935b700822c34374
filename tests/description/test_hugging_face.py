"""The head of a card is what the hub accepts and what `datasets` loads by."""

from __future__ import annotations

import json
import shutil
from fnmatch import fnmatch

import huggingface_hub
import numpy as np
import pytest

from rgbtbench.cards import dataset_card, dataset_names
from rgbtbench.cards.dataset import Licence
from rgbtbench.description.dataset_card import dataset_card_text
from rgbtbench.description.hugging_face import LICENCES, TASKS, licence_block, size_category
from rgbtbench.loading.prepared import open_split

#: https://huggingface.co/docs/hub/datasets-cards: sizes that the hub knows.
SIZES = {
    "n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "n>1B",
}  # fmt: skip


def without_nulls(value):
    """Plain data without the nulls that a table needs where a split has no such label set."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return value


@pytest.mark.parametrize("name", dataset_names())
def test_every_card_has_a_head_that_the_hub_reads(name):
    card = dataset_card(name)
    head = huggingface_hub.DatasetCard(dataset_card_text(card)).data
    assert head.pretty_name == card.title
    assert head.license in LICENCES | {"other", "unknown"}
    assert set(head.task_categories) == {TASKS[use] for use in card.tasks}
    assert set(head.size_categories or ()) <= SIZES
    assert head.to_dict().get("configs") is None


@pytest.mark.parametrize(
    ("facts", "block"),
    [
        ({"name": "CC BY-NC-SA 4.0", "spdx": "CC-BY-NC-SA-4.0"}, {"license": "cc-by-nc-sa-4.0"}),
        ({"name": "GPL", "spdx": "GPL-3.0-or-later"}, {"license": "gpl-3.0"}),
        ({"name": "ODbL", "spdx": "ODbL-1.0"}, {"license": "odbl"}),
        ({"name": "none stated"}, {"license": "unknown"}),
        ({"name": "Rare", "spdx": "CC-BY-NC-SA-1.0"}, {"license": "other", "license_name": "cc-by-nc-sa-1.0"}),
        (
            {"name": "Their terms (2020)", "url": "https://x.org/terms"},
            {"license": "other", "license_name": "their-terms-2020", "license_link": "https://x.org/terms"},
        ),
        (
            {"name": "Research only", "commercial_use": "no"},
            {"license": "other", "license_name": "research-only"},
        ),
    ],
)
def test_a_licence_is_one_of_the_hub_or_named(facts, block):
    assert licence_block(Licence.model_validate({"commercial_use": "unknown", "verified": True} | facts)) == block


@pytest.mark.parametrize(
    ("pairs", "category"),
    [(1, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (25_086, "10K<n<100K"), (548_238, "100K<n<1M"), (10**9, "n>1B")],
)
def test_sizes_are_in_the_hubs_words(pairs, category):
    assert size_category(pairs) == category


@pytest.mark.parametrize("name", ["synthetic", "street", "overlapping", "withheld", "aerial"])
def test_a_folder_with_its_card_loads_in_hugging_face_as_it_is(name, request, tmp_path, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    prepared = request.getfixturevalue(name)
    folder = shutil.copytree(prepared.data, tmp_path / "data")
    text = dataset_card_text(prepared.card, data=prepared.data)
    (folder / "README.md").write_text(text)
    stated = json.loads((folder / "features.json").read_text())
    info = huggingface_hub.DatasetCard(text).data.to_dict()["dataset_info"]
    assert datasets.Features._from_yaml_list(info["features"]) == datasets.Features.from_dict(stated)
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {
        split["name"]: split["num_examples"] for split in info["splits"]
    }
    for split, rows in loaded.items():
        samples = list(open_split(prepared.data, split))
        assert [row["__key__"].rpartition("/")[2] for row in rows] == [sample.key for sample in samples]
        for row, sample in zip(rows, samples, strict=True):
            assert without_nulls(row["json"]) == without_nulls(sample.record)
            for modality, image in sample.images.items():
                file = sample.record["images"][modality]["file"]
                found = np.asarray(row[file], image.dtype).reshape(image.shape)
                if file.endswith("jpg"):  # another JPEG decoder rounds otherwise
                    assert np.abs(found.astype(int) - image).max() <= 3
                else:
                    assert np.array_equal(found, image)


def test_splits_whose_names_begin_alike_keep_their_own_shards(synthetic):
    manifest = json.loads((synthetic.data / "manifest.json").read_text())
    head = huggingface_hub.DatasetCard(dataset_card_text(synthetic.card, data=synthetic.data)).data.to_dict()
    paths = {entry["split"]: entry["path"] for entry in head["configs"][0]["data_files"]}
    assert set(paths) == set(manifest["splits"])
    assert fnmatch("shards/train-000000.tar", paths["train"])
    assert not fnmatch("shards/train-day-000000.tar", paths["train"])
