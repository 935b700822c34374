"""Croissant descriptions validate, load, and say what is true. The oracle is mlcroissant, the format's own library."""

from __future__ import annotations

import json
import logging
import tarfile

import mlcroissant
import numpy as np
import pytest
from mlcroissant._src.core.context import Context, CroissantVersion
from mlcroissant._src.core.rdf import make_context
from mlcroissant._src.operation_graph.operations import extract

from rgbtbench.cards import dataset_card, dataset_names
from rgbtbench.cards.dataset import Link
from rgbtbench.description.croissant import CONTEXT, address_between, croissant
from rgbtbench.errors import ShardError
from rgbtbench.loading.prepared import open_split
from rgbtbench.shards.manifest import read_manifest

from ..shards.street import card as street_card

PREPARED = ("synthetic", "street", "withheld", "aerial")
#: What the format recommends and a card may not state: a version, and the year of its publication.
#: Record sets whose fields are parts of the JSON members of archives.
INSIDE_JSON = ("boxes-", "texts-")
NOT_STATED = {"version", "datePublished"}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    # mlcroissant keeps unpacked archives in the user's cache, under a hash of their address alone.
    monkeypatch.setattr(extract, "EXTRACT_PATH", extract.epath.Path(tmp_path / "cache"))


@pytest.fixture(params=PREPARED)
def prepared(request):
    return request.getfixturevalue(request.param)


def opened(description, folder):
    """The description as mlcroissant reads it from a folder; raises where it is not valid."""
    path = folder / "croissant.json"
    path.write_text(json.dumps(description))
    return mlcroissant.Dataset(path)


def loaded(prepared, tmp_path):
    data = tmp_path / "data"
    data.symlink_to(prepared.data)
    return opened(croissant(prepared.card, data=prepared.data, address="data"), tmp_path)


def by_key(dataset, record_set):
    rows = [{name.rpartition("/")[2]: value for name, value in row.items()} for row in dataset.records(record_set)]
    return {(row["split"].decode(), row["key"].decode()): row for row in rows}


def samples(prepared):
    splits = [open_split(prepared.data, name) for name in read_manifest(prepared.data).splits]
    return {(split.name, sample.key): sample for split in splits for sample in split}


@pytest.mark.parametrize("name", dataset_names())
def test_every_card_gives_a_valid_description_that_lacks_only_what_the_card_does_not_state(name):
    card = dataset_card(name)
    issues = mlcroissant.Dataset(croissant(card)).metadata.ctx.issues
    assert issues.errors == set()
    lacking = {warning.split('"')[1].rpartition("/")[2] for warning in issues.warnings}
    assert lacking <= NOT_STATED
    assert card.citation.bibtex is None or "datePublished" not in lacking


def test_the_context_is_that_of_the_specification():
    expected = make_context(Context(conforms_to=CroissantVersion.V_1_1))
    assert expected.items() <= CONTEXT.items()


def test_a_card_says_who_made_it_where_it_is_and_on_which_terms():
    card = dataset_card("llvip")
    found = mlcroissant.Dataset(croissant(card)).metadata
    assert [str(version) for version in found.conforms_to] == [
        "http://mlcommons.org/croissant/1.1",
        "http://mlcommons.org/croissant/RAI/1.0",
    ]
    assert found.url == card.source.homepage
    assert found.creators[0].name == "Xinyu Jia"
    assert found.date_published.year == 2021
    assert found.license[0].url == card.licence.url
    places = {place.name: place for place in found.distribution}
    assert places["Baidu"].content_url == "https://pan.baidu.com/s/1eQO1Is2NPyd-mgmv1Csbfg"
    assert "code 14lc" in places["Baidu"].description
    assert {place.sha256 for place in places.values()} == {"not stated by the source"}
    assert found.data_limitations[0] == f"Not verified: {card.unverified[0]}"


def test_only_official_places_are_distributions_and_only_stated_facts_are_told():
    source = {"access": "open", "links": {"theirs": "https://x.org/a.zip", "copy": Link(code="1", official=False)}}
    described = croissant(street_card(source=source))
    assert [(place["name"], place["encodingFormat"]) for place in described["distribution"]] == [
        ("theirs", "application/zip")
    ]
    assert {name for name in described if name.startswith("rai:")} == {"rai:dataCollection", "rai:dataUseCases"}
    assert "creator" not in described
    assert "datePublished" not in described


def test_a_known_licence_is_its_address_at_spdx():
    assert croissant(dataset_card("synthetic"))["license"] == "https://spdx.org/licenses/Apache-2.0.html"


def test_prepared_data_validates_without_a_warning_of_its_own(prepared, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        dataset = loaded(prepared, tmp_path)
        for record_set in dataset.metadata.record_sets:
            if not record_set.id.startswith(INSIDE_JSON):
                list(dataset.records(record_set.id))
    assert dataset.metadata.ctx.issues.errors == set()
    assert all("is recommended, but does not exist" in record.getMessage() for record in caplog.records)


def test_every_image_and_mask_has_the_stored_pixels(prepared, tmp_path):
    dataset, expected = loaded(prepared, tmp_path), samples(prepared)
    for kind in ("image", "mask"):
        held = {where: sample.images if kind == "image" else sample.masks for where, sample in expected.items()}
        for name in dict.fromkeys(name for values in held.values() for name in values):
            rows = by_key(dataset, f"{kind}-{name}")
            assert rows.keys() == {where for where, values in held.items() if name in values}
            for where, row in rows.items():
                stored = held[where][name]
                if stored.dtype == np.float32:
                    assert row["file"].decode() == f"{where[1]}.{name}.npy"
                    continue
                found = np.asarray(row[kind])
                assert found.dtype == stored.dtype
                if name == "rgb":  # another JPEG decoder rounds otherwise
                    assert np.abs(found.astype(int) - stored).max() <= 3
                else:
                    assert np.array_equal(found.reshape(stored.shape), stored)


def test_samples_have_their_official_numbers_clusters_and_attributes(prepared, tmp_path):
    rows, expected = by_key(loaded(prepared, tmp_path), "samples"), samples(prepared)
    assert rows.keys() == expected.keys()
    for where, row in rows.items():
        sample = expected[where]
        assert row["image_id"] == sample.record["image_id"]
        assert (row["cluster"] or b"").decode() == (sample.record["cluster"] or "")
        assert (row["height"], row["width"]) == sample.images["rgb"].shape[:2]
        for name, value in sample.attributes.items():
            assert (row[name].decode() if isinstance(row[name], bytes) else row[name]) == value
        for name in (name for name, facts in prepared.card.label_sets.items() if facts.kind == "boxes"):
            assert row[f"{name}-boxes"] == (len(sample.boxes[name].labels) if name in sample.boxes else None)


def test_records_are_whole(prepared, tmp_path):
    rows, expected = by_key(loaded(prepared, tmp_path), "records"), samples(prepared)
    assert {where: json.loads(row["json"]) for where, row in rows.items()} == {
        where: sample.record for where, sample in expected.items()
    }


def test_boxes_and_texts_are_where_the_description_says(prepared, tmp_path):
    """mlcroissant does not parse JSON inside archives, so the members are unpacked first; the fields are the same."""
    for shard in sorted(prepared.data.glob("shards/*.tar")):
        with tarfile.open(shard) as archive:
            archive.extractall(tmp_path / "unpacked" / shard.stem, filter="data")
    expected = samples(prepared)
    for name, facts in prepared.card.label_sets.items():
        if facts.kind not in ("boxes", "text"):
            continue
        table = f"boxes-{name}" if facts.kind == "boxes" else f"texts-{name}"
        described = croissant(prepared.card, data=prepared.data)
        [labels] = [one for one in described["recordSet"] if one["@id"] == table]
        [files] = [
            one for one in described["distribution"] if one["@id"] == labels["field"][0]["source"]["fileSet"]["@id"]
        ]
        splits = {one["@id"].removeprefix("shards/").rpartition("-")[0] for one in files.pop("containedIn")}
        files["includes"] = [f"{split}-*/*.json" for split in splits]
        found = opened(described | {"distribution": [files], "recordSet": [labels]}, tmp_path / "unpacked")
        rows = by_key(found, table)
        stored = {where: sample.record[facts.kind] for where, sample in expected.items()}
        assert rows.keys() == {where for where, sets in stored.items() if name in sets}
        for where, row in rows.items():
            for column, value in row.items():
                if column == "captions":
                    assert [text.decode() for text in value] == stored[where][name]["captions"]
                elif column not in ("key", "split"):
                    assert np.array_equal(np.array(value), np.array(stored[where][name][column])), column


def test_json_inside_archives_is_beyond_mlcroissant(prepared, tmp_path):
    """As docs/croissant-and-cards.md says; when this fails, boxes load and the page can say so."""
    dataset = loaded(prepared, tmp_path)
    inside = [record_set.id for record_set in dataset.metadata.record_sets if record_set.id.startswith(INSIDE_JSON)]
    assert inside
    for name in inside:
        with pytest.raises(mlcroissant.GenerationError):
            list(dataset.records(name))


def test_classes_and_splits_stand_in_the_description(synthetic, tmp_path):
    dataset = loaded(synthetic, tmp_path)
    facts = synthetic.card.label_sets["boxes"].classes
    assert [list(row.values()) for row in dataset.records("classes-boxes")] == [
        [entry.id, entry.name, entry.unified] for entry in facts
    ]
    assert {row["splits/name"]: (row["splits/url"], row["splits/pairs"]) for row in dataset.records("splits")} == {
        "train": ("cr:TrainingSplit", 3),
        "test": ("cr:TestSplit", 4),
    }


def test_expected_counts_say_whether_somebody_counted():
    rows = {row["splits/name"]: row for row in mlcroissant.Dataset(croissant(dataset_card("mfnet"))).records("splits")}
    assert (rows["test"]["splits/pairs"], rows["test"]["splits/verified"]) == (393, True)
    assert (rows["train"]["splits/pairs"], rows["train"]["splits/verified"]) == (784, False)


def test_samples_that_stand_in_two_splits_lead_to_no_single_row(overlapping, tmp_path):
    dataset = loaded(overlapping, tmp_path)
    keys = [row["image-lwir/key"].decode() for row in dataset.records("image-lwir")]
    assert sorted(keys) == [
        "test_0000",
        "test_0001",
        "train_0000",
        *["train_0001"] * 2,
        "train_0002",
        *["train_0003"] * 2,
    ]
    assert len(list(dataset.records("samples"))) == 8


def test_a_damaged_shard_is_not_loaded(street, tmp_path):
    dataset = loaded(street, tmp_path)
    (tmp_path / "data").unlink()
    for shard in street.data.glob("shards/*.tar"):
        target = tmp_path / "data" / "shards" / shard.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(shard.read_bytes()[:-1] + b"x")
    (tmp_path / "data" / "index.parquet").write_bytes((street.data / "index.parquet").read_bytes())
    with pytest.raises(mlcroissant.GenerationError):
        list(dataset.records("image-lwir"))


def test_addresses_lead_from_the_description_to_the_data(street, tmp_path):
    assert address_between(street.data / "croissant.json", street.data) == ""
    assert address_between(None, street.data) == ""
    assert address_between(tmp_path / "a" / "x.json", tmp_path / "b") == "../b"
    urls = [
        place["contentUrl"]
        for place in croissant(street.card, data=street.data, address="https://x.org/s/")["distribution"]
        if "contentUrl" in place
    ]
    assert "https://x.org/s/shards/test-000000.tar" in urls


def test_other_data_and_data_without_its_index_are_refused(street, synthetic, tmp_path):
    with pytest.raises(ShardError, match="holds street; expected synthetic"):
        croissant(synthetic.card, data=street.data)
    (tmp_path / "manifest.json").write_bytes((street.data / "manifest.json").read_bytes())
    with pytest.raises(ShardError, match=r"has no index\.parquet of these shards"):
        croissant(street.card, data=tmp_path)
