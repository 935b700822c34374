"""RASMD: a tree that describes itself, or pairs in the folders of their recordings."""

import json
import re

import numpy as np
import pytest
import yaml

from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset, recognise
from rgbtbench.datasets.layout_file import read_layout_file
from rgbtbench.datasets.rasmd import EXAMPLE
from rgbtbench.errors import CardError, InputFileError, LabelError, LayoutError
from rgbtbench.formats.write_boxes import write_coco, write_voc
from rgbtbench.loading.prepared import open_split
from rgbtbench.shards.build import prepare
from tests.formats.files import file_of, noise, put

SOURCE = dataset("rasmd")
RGB, SWIR = file_of(noise(100, 200, channels=3)), file_of(noise(100, 200))
NAMES = {item.name: item.id for item in dataset_card("rasmd").label_sets["boxes"].classes}


def tree(root, *stems, split="train"):
    for stem in stems:
        put(root, f"rgb/{split}/{stem}.png", RGB)
        put(root, f"swir/{split}/{stem}.png", SWIR)
    return root


def describe(root, *, modalities=("rgb", "swir"), **more):
    paths = {name: f"{name}/{{split}}/{{stem}}.png" for name in modalities}
    put(root, "layout.yaml", yaml.safe_dump({"modalities": paths, **more}, sort_keys=False))
    return root


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def test_pairs_are_found_by_stem(tmp_path):
    found = pairs(describe(tree(tmp_path, "b", "a")))
    assert [(pair.entry.key, pair.entry.split, sorted(pair.images), dict(pair.labels)) for pair in found] == [
        ("a", "train", ["rgb", "swir"], {}),
        ("b", "train", ["rgb", "swir"], {}),
    ]
    assert found[0].images["swir"].data == SWIR


def test_what_is_prepared_depends_on_the_description(tmp_path):
    (entry,) = SOURCE.entries(describe(tree(tmp_path, "a")), SOURCE.layouts[0])
    assert "layout.yaml" in entry.files.values()


def test_numbers_of_yolo_files_are_those_of_the_description(tmp_path):
    tree(tmp_path, "a")
    put(tmp_path, "labels/a.txt", "7 0.5 0.5 0.1 0.2\n")
    label = {"files": "labels/{stem}.txt", "classes": {7: "bus"}}
    (pair,) = pairs(describe(tmp_path, labels={"boxes": label}))
    boxes = pair.labels["boxes"]
    assert boxes.labels.tolist() == [NAMES["bus"]]
    np.testing.assert_allclose(boxes.xyxy, [[90, 40, 110, 60]])
    put(tmp_path, "labels/a.txt", "0 0.5 0.5 0.1 0.2\n")
    with pytest.raises(LabelError, match=r"a\.txt:1: class id 0; expected 7 bus"):
        pairs(tmp_path)


def test_a_coco_file_says_what_a_split_holds_and_may_call_classes_otherwise(tmp_path):
    tree(tmp_path, "a", "b", "c")
    boxes = {"a.png": [("pedestrian", (1, 2, 3, 5))], "c.png": []}
    write_coco(tmp_path / "train.json", size=(200, 100), boxes=boxes)
    label = {"files": "{split}.json", "classes": {"pedestrian": "person"}}
    found = pairs(describe(tmp_path, labels={"boxes": label}))
    assert [pair.entry.key for pair in found] == ["a", "c"]
    assert found[0].labels["boxes"].labels.tolist() == [NAMES["person"]]
    np.testing.assert_array_equal(found[0].labels["boxes"].xyxy, [[1, 2, 3, 5]])
    describe(tmp_path, labels={"boxes": {"files": "{split}.json"}})
    with pytest.raises(LabelError, match=r"train\.json: holds the class 'pedestrian', which the card does not name"):
        pairs(tmp_path)


def test_voc_files_are_read_too(tmp_path):
    write_voc(tree(tmp_path, "a") / "xml/a.xml", size=(200, 100), boxes=[("truck", (1, 2, 3, 5))])
    (pair,) = pairs(describe(tmp_path, labels={"boxes": {"files": "xml/{stem}.xml"}}))
    assert pair.labels["boxes"].labels.tolist() == [NAMES["truck"]]


def test_lists_may_name_parts_of_paths_and_clusters(tmp_path):
    for sequence in ("s1", "s2"):
        put(tmp_path, f"{sequence}/rgb/7.png", RGB)
        put(tmp_path, f"{sequence}/swir/7.png", SWIR)
    put(tmp_path, "night.txt", "s2/7\r\ns1/7\r\n")
    said = {
        "modalities": {"rgb": "{sequence}/rgb/{frame}.png", "swir": "{sequence}/swir/{frame}.png"},
        "stem": "(?P<sequence>s[0-9])/(?P<frame>[0-9]+)",
        "lists": "{split}.txt",
        "splits": {"test": "night"},
        "cluster": "{sequence}",
    }
    put(tmp_path, "layout.yaml", yaml.safe_dump(said))
    found = [(pair.entry.split, pair.entry.key, pair.entry.order, pair.entry.cluster) for pair in pairs(tmp_path)]
    assert found == [("test", "s2/7", 0, "s2"), ("test", "s1/7", 1, "s1")]


def test_stems_that_repeat_between_splits_need_an_id(tmp_path):
    tree(tree(tmp_path / "raw", "a"), "a", split="test")
    describe(tmp_path / "raw", splits={"train": "train", "test": "test"}, id="{split}/{stem}")
    assert [pair.entry.key for pair in pairs(tmp_path / "raw")] == ["train/a", "test/a"]
    describe(tmp_path / "raw", splits={"train": "train", "test": "test"})
    with pytest.raises(InputFileError, match=r"'a' in split train and 'a' in split test share the key 'a'"):
        prepare(SOURCE, dataset_card("rasmd"), tmp_path / "raw", tmp_path / "out", workers=1)


def test_a_missing_twin_and_another_size_are_named(tmp_path):
    describe(tree(tmp_path, "a", "b"))
    (tmp_path / "swir/train/b.png").unlink()
    with pytest.raises(InputFileError, match=r"swir/train/b\.png: missing, while its twin .*rgb/train/b\.png exists"):
        pairs(tmp_path)
    put(tmp_path, "swir/train/b.png", file_of(noise(10, 20)))
    with pytest.raises(InputFileError, match=r"swir/train/b\.png: is 20x10 pixels; expected 200x100"):
        pairs(tmp_path)


def test_folders_without_samples_are_an_error(tmp_path):
    with pytest.raises(LayoutError, match=r"the folders hold no samples; expected rgb/train/<stem>\.png"):
        pairs(describe(tmp_path))


def test_who_has_no_description_is_shown_one(tmp_path):
    tree(tmp_path, "a")
    with pytest.raises(LayoutError, match=r"or write layout\.yaml there") as caught:
        recognise(SOURCE, tmp_path)
    put(tmp_path, "layout.yaml", str(caught.value).split("there:\n\n", 1)[1])
    assert read_layout_file(tmp_path, "rasmd").splits == {"train": "train", "test": "test"}


def test_the_example_of_the_card_is_the_one_that_is_shown():
    (note,) = [note for note in dataset_card("rasmd").notes if "layout.yaml" in note]
    assert yaml.safe_load(re.search(r"`(\{.*\})`", note)[1]) == yaml.safe_load(EXAMPLE)


def test_recordings_are_clusters_and_their_folder_names_the_weather(tmp_path):
    for place, number in (
        ("1_sunny/data_3_urban", "000000"),
        ("3_rainy/data_1", "000010"),
        ("3_rainy/data_1", "000009"),
    ):
        put(tmp_path, f"{place}/croped_data/rgb/rgb_aligned_{number}.jpg", file_of(noise(channels=3), "jpeg"))
        put(tmp_path, f"{place}/croped_data/swir/swir_original_{number}.jpg", file_of(noise(), "jpeg"))
    found = [
        (pair.entry.split, pair.entry.key, pair.entry.cluster, pair.attributes["weather"]) for pair in pairs(tmp_path)
    ]
    assert found == [
        ("pairs", "1_sunny/data_3_urban/000000", "1_sunny/data_3_urban", "sunny"),
        ("pairs", "3_rainy/data_1/000009", "3_rainy/data_1", "rainy"),
        ("pairs", "3_rainy/data_1/000010", "3_rainy/data_1", "rainy"),
    ]
    (tmp_path / "3_rainy/data_1/croped_data/swir/swir_original_000009.jpg").unlink()
    with pytest.raises(InputFileError, match=r"swir_original_000009\.jpg: missing"):
        pairs(tmp_path)


def test_a_mistaken_description_ends_preparation_with_its_line(tmp_path):
    tree(tmp_path / "raw", "a")
    put(tmp_path, "raw/layout.yaml", "modalities:\n  rgb: rgb/{stem}.png\n  swirl: swir/{stem}.png\n")
    with pytest.raises(CardError, match=r"layout\.yaml:3: modalities\.swirl"):
        prepare(SOURCE, dataset_card("rasmd"), tmp_path / "raw", tmp_path / "out", workers=1)


def test_described_boxes_come_back_from_the_shards(tmp_path):
    tree(tmp_path / "raw", "a")
    write_coco(tmp_path / "raw/train.json", size=(200, 100), boxes={"a.png": [("car", (1, 2, 3, 5))]})
    describe(tmp_path / "raw", labels={"boxes": {"files": "{split}.json"}})
    assert json.loads((tmp_path / "raw/train.json").read_text())["images"]
    prepare(SOURCE, dataset_card("rasmd"), tmp_path / "raw", tmp_path / "out", workers=1)
    np.testing.assert_array_equal(open_split(tmp_path / "out", "train")[0].boxes["boxes"].xyxy, [[1, 2, 3, 5]])
