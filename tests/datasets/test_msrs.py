"""MSRS: MFNet's images under another split."""

import json
from collections import Counter

import numpy as np
import pytest

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError
from tests.datasets.shared import SAMPLES, SHARED, needs
from tests.formats.files import file_of, noise, pixels_of, put

SOURCE = dataset("msrs")
SPLITS = dataset_card("msrs").editions["official"].splits
NAMES = "research/name-lists/msrs_test.txt"


def tree(root, split, *stems):
    for stem in stems:
        put(root, f"{split}/vi/{stem}.png", file_of(noise(channels=3)))
        put(root, f"{split}/ir/{stem}.png", file_of(noise()))
        put(root, f"{split}/Segmentation_labels/{stem}.png", file_of(noise(below=9)))
    return root


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def test_names_tell_what_mfnets_tell(tmp_path):
    tree(tmp_path, "train", "00001D")
    tree(tmp_path, "test", "00004N", "00537D")
    found = pairs(tmp_path)
    assert [(pair.entry.split, pair.entry.key) for pair in found] == [
        ("train", "00001D"), ("test", "00004N"), ("test", "00537D"),
    ]  # fmt: skip
    assert [pair.attributes["time_of_day"] for pair in found] == ["day", "night", "day"]
    assert [pair.entry.cluster for pair in found] == ["D000", "N000", "D026"]


def test_the_boxes_of_the_folder_detection_are_not_read(tmp_path):
    tree(tmp_path, "test", "00004N")
    put(tmp_path, "detection/vi/1.png", file_of(noise(channels=3)))
    put(tmp_path, "detection/ir/1.png", file_of(noise()))
    put(tmp_path, "detection/labels/1.txt", "2 0.2 0.4 0.1 0.1\n")
    assert [pair.entry.key for pair in pairs(tmp_path)] == ["00004N"]


def test_an_image_without_a_label_is_named(tmp_path):
    tree(tmp_path, "test", "00004N", "00008N")
    (tmp_path / "test/Segmentation_labels/00008N.png").unlink()
    with pytest.raises(InputFileError, match=r"Segmentation_labels/00008N\.png: missing, while its twin"):
        pairs(tmp_path)


def test_classes_and_colours_are_mfnets():
    ours, theirs = (dataset_card(name).label_sets["semantic"].classes for name in ("msrs", "mfnet"))
    assert [(a.id, a.name, a.unified, a.colour) for a in ours] == [(b.id, b.name, b.unified, b.colour) for b in theirs]


@needs(NAMES)
def test_the_test_split_is_that_of_the_authors_folder():
    names = (SHARED / NAMES).read_text().split()
    assert len(names) == SPLITS["test"].count == 361
    assert keys_sha256(names) == SPLITS["test"].keys_sha256
    assert Counter(SOURCE.attributes("test", name)["time_of_day"] for name in names) == {"day": 179, "night": 182}
    assert SPLITS["test"].attributes["time_of_day"] == {"day": 179, "night": 182}
    clusters = {SOURCE.cluster("test", name) for name in names}
    assert f"the test split has {len(clusters)}" in dataset_card("msrs").clusters


@needs(NAMES, "research/name-lists/mfnet_test.txt", "samples/ir500k/seeds.json")
def test_the_training_split_is_what_ir500k_holds_besides_and_mostly_mfnets_test():
    text = json.dumps(json.loads((SAMPLES / "ir500k/seeds.json").read_text()))
    listed = {word.removeprefix("MSRS_").partition(".")[0] for word in text.split('"') if word.startswith("MSRS_")}
    test = set((SHARED / NAMES).read_text().split())
    train = listed - test
    assert len(train) == SPLITS["train"].count == 1083
    assert keys_sha256(train) == SPLITS["train"].keys_sha256
    counted = Counter(SOURCE.attributes("train", name)["time_of_day"] for name in train)
    assert counted == SPLITS["train"].attributes["time_of_day"]
    mfnet = set((SHARED / "research/name-lists/mfnet_test.txt").read_text().split())
    note = next(note for note in dataset_card("msrs").notes if "393 test images" in note)
    assert f"{len(mfnet & train)} are training" in note
    assert f"{len(mfnet & test)} are test images" in note
    assert f"{len(mfnet - listed)} were left out" in note
    assert f"{len(test - mfnet)} are MFNet's" in note


@needs("samples/msrs-unlabelled")
def test_real_pairs_keep_their_bytes(tmp_path):
    stems = [path.stem for path in sorted((SAMPLES / "msrs-unlabelled/vi").iterdir())]
    for stem in stems:
        for folder in ("vi", "ir"):
            put(tmp_path, f"test/{folder}/{stem}.png", (SAMPLES / f"msrs-unlabelled/{folder}/{stem}.png").read_bytes())
        put(tmp_path, f"test/Segmentation_labels/{stem}.png", file_of(np.zeros((480, 640), np.uint8)))
    found = pairs(tmp_path)
    assert [pair.entry.key for pair in found] == stems
    for pair in found:
        for modality, folder, channels in (("rgb", "vi", 3), ("lwir", "ir", 1)):
            image = pair.images[modality]
            assert image.data == (SAMPLES / f"msrs-unlabelled/{folder}/{pair.entry.key}.png").read_bytes()
            assert (image.width, image.height, image.channels, image.bit_depth) == (640, 480, channels, 8)
        assert pixels_of(pair.labels["semantic"].data).max() == 0
