"""The audit of unusual data: six cameras, 16 bits, measured values, one modality, texts alone, stores."""

from __future__ import annotations

import json

import pytest

from rgbtbench.audit.as_json import to_json
from rgbtbench.audit.audit import audit
from rgbtbench.audit.page import page
from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset
from rgbtbench.locations import location
from rgbtbench.shards.build import prepare_dataset


def prepared(name, folder):
    raw, out = folder / "raw", folder / name
    raw.mkdir()
    source = dataset(name)
    splits = next(iter(dataset_card(name).editions.values())).splits
    source.fake(raw, source.layouts[0], dict.fromkeys(splits, 2), 0)
    prepare_dataset(name, raw, out, workers=1, allow_differences=True)
    return out


def audited(name, folder):
    found = audit([str(prepared(name, folder))], workers=1)
    json.dumps(to_json(found), allow_nan=False)
    assert page(found).startswith("<!doctype html>")
    return found.splits[0]


@pytest.mark.parametrize(
    ("name", "compared"),
    [
        ("ms2", ["nir", "lwir"]),  # two views of each kind; 16 bits
        ("mcubes", ["aolp", "dolp", "nir"]),  # float32
        ("hit_uav", []),  # one modality
    ],
)
def test_each_kind_of_modality_is_compared_with_the_first(tmp_path, name, compared):
    assert [found.second.partition("_")[0] for found in audited(name, tmp_path).registrations] == compared


def test_texts_alone_have_no_label_statistics(tmp_path):
    assert audited("irtd", tmp_path).labels == []


def test_saliency_is_salient_or_not(tmp_path):
    [labels] = audited("vt821", tmp_path).labels
    assert [entry.name for entry in labels.classes] == ["not salient", "salient"]


def test_views_that_lie_apart_by_design_and_images_made_of_others_are_no_faults(tmp_path):
    one = audited("urbanlf", tmp_path)
    assert [found.overall.reliable > 0 for found in one.registrations] == [True]
    assert not {"misregistered", "same-picture"} & {fault.kind for _, fault in one.measures.faults}


def test_data_in_a_store_is_audited_like_data_on_disk(planted, found):
    store = location("memory://audit/planted")
    for path in sorted(planted.rglob("*")):
        if path.is_file() and ".state" not in path.parts:
            (store / path.relative_to(planted).as_posix()).write_bytes(path.read_bytes())
    remote = to_json(audit([str(store)], workers=1))
    local = to_json(found)
    for plain in (remote, local):
        for split in (*plain["splits"], *plain["refused"]):
            del split["data"]
    assert remote == local
