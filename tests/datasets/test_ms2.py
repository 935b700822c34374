"""MS2: six cameras in one sample, lists of sequences, thermal images that keep their 16 bits."""

import io

import numpy as np
import PIL.Image
import pytest

from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError, LayoutError
from rgbtbench.loading.prepared import open_split
from rgbtbench.shards.build import prepare
from tests.datasets.shared import SAMPLES, needs
from tests.formats.files import file_of, noise, pixels_of, put

SOURCE = dataset("ms2")
FILES = {
    "rgb": file_of(noise(channels=3)),
    "nir": file_of(noise(11, 19)),
    "thr": file_of(noise(7, 9, below=2**16, dtype=np.uint16)),
}
MORNING, RAIN = "_2021-08-06-10-59-33", "_2021-08-06-16-19-00"


def sequence(root, name, *, frames=("000011",)):
    for frame in frames:
        for camera, data in FILES.items():
            for side in ("left", "right"):
                put(root, f"sync_data/{name}/{camera}/img_{side}/{frame}.png", data)
    return root


def entries(root):
    return list(SOURCE.entries(root, recognise(SOURCE, root)))


def pairs(root):
    return [SOURCE.pair(root, SOURCE.layouts[0], entry) for entry in entries(root)]


def test_a_sample_has_the_views_of_both_sides_each_in_its_own_size(tmp_path):
    put(sequence(tmp_path, MORNING), "train_list.txt", f"{MORNING}\n")
    (pair,) = pairs(tmp_path)
    assert {name: (image.width, image.height, image.bit_depth) for name, image in pair.images.items()} == {
        "rgb": (17, 13, 8), "rgb_right": (17, 13, 8), "nir": (19, 11, 8), "nir_right": (19, 11, 8),
        "lwir": (9, 7, 16), "lwir_right": (9, 7, 16),
    }  # fmt: skip
    assert dataset_card("ms2").alignment == "unregistered"


def test_lists_name_sequences_and_the_test_split_names_the_condition(tmp_path):
    sequence(tmp_path, MORNING, frames=("000011", "000012"))
    sequence(tmp_path, RAIN)
    put(tmp_path, "train_list.txt", f"{MORNING}\n")
    put(tmp_path, "test_rainy_list.txt", f"{RAIN}\n")
    found = entries(tmp_path)
    assert [(entry.split, entry.order, entry.key, entry.cluster, dict(entry.attributes)) for entry in found] == [
        ("train", 0, f"{MORNING}/000011", MORNING, {"condition": None, "hour": 10}),
        ("train", 1, f"{MORNING}/000012", MORNING, {"condition": None, "hour": 10}),
        ("test_rainy", 0, f"{RAIN}/000011", RAIN, {"condition": "rainy", "hour": 16}),
    ]  # fmt: skip


def test_sequences_of_no_list_are_in_no_split(tmp_path):
    put(sequence(sequence(tmp_path, MORNING), RAIN), "val_list.txt", f"{RAIN}\n")
    assert [(entry.split, entry.cluster) for entry in entries(tmp_path)] == [("val", RAIN)]


def test_a_split_without_its_sequences_is_left_out_and_one_with_some_is_an_error(tmp_path):
    sequence(tmp_path, MORNING)
    put(tmp_path, "train_list.txt", f"{MORNING}\n")
    put(tmp_path, "val_list.txt", f"{RAIN}\n")
    assert {entry.split for entry in entries(tmp_path)} == {"train"}
    put(tmp_path, "train_list.txt", f"{MORNING}\n{RAIN}\n")
    with pytest.raises(
        InputFileError, match=rf"train_list\.txt: names 2 sequences, of which {RAIN} is not in sync_data"
    ):
        entries(tmp_path)


def test_a_frame_that_one_camera_lacks_is_named(tmp_path):
    put(sequence(tmp_path, MORNING, frames=("000011", "000012")), "train_list.txt", f"{MORNING}\n")
    (tmp_path / f"sync_data/{MORNING}/thr/img_right/000012.png").unlink()
    with pytest.raises(InputFileError, match=r"thr/img_right/000012\.png: missing, while its twin"):
        pairs(tmp_path)


def test_without_lists_they_are_asked_for(tmp_path):
    with pytest.raises(LayoutError, match=r"test_rainy_list\.txt; copy the official lists beside the folder sync_data"):
        entries(sequence(tmp_path, MORNING))


def test_the_pickle_beside_the_images_is_never_opened(tmp_path):
    put(sequence(tmp_path, MORNING), "train_list.txt", f"{MORNING}\n")
    calibration = put(tmp_path, f"sync_data/{MORNING}/calib.npy", b"not even an array")
    (pair,) = pairs(tmp_path)
    assert str(calibration.relative_to(tmp_path)) not in pair.entry.files.values()


@needs("samples/lists/ms2")
def test_the_official_lists_are_read_whole(tmp_path):
    counts = {"train": 8, "val": 3, "test_day": 3, "test_night": 3, "test_rainy": 3}
    for split in counts:
        official = (SAMPLES / f"lists/ms2/{split}_list.txt").read_bytes()
        put(tmp_path, f"{split}_list.txt", official)
        for name in official.decode().split():
            sequence(tmp_path, name)
    found = entries(tmp_path)
    assert {split: len({entry.cluster for entry in found if entry.split == split}) for split in counts} == counts
    # Nobody drove by night before nine in the evening, nor by day after it.
    hours = {split: {entry.attributes["hour"] for entry in found if entry.split == split} for split in counts}
    assert min(hours["test_night"]) >= 21 > max(hours["test_day"] | hours["test_rainy"])


@needs("samples/ms2")
def test_a_real_frame_keeps_its_bytes_and_its_16_bits_up_to_the_shards(tmp_path):
    for side in ("left", "right"):
        for camera in FILES:
            data = (SAMPLES / f"ms2/{side}/000011_{camera}.png").read_bytes()
            put(tmp_path, f"raw/sync_data/{MORNING}/{camera}/img_{side}/000011.png", data)
    put(tmp_path, "raw/train_list.txt", f"{MORNING}\n")
    prepare(SOURCE, dataset_card("ms2"), tmp_path / "raw", tmp_path / "out", workers=1)
    sample = open_split(tmp_path / "out", "train")[0]
    facts = dataset_card("ms2").modalities
    for name, image in sample.images.items():
        assert image.shape[1::-1] == facts[name].size
    official = (SAMPLES / "ms2/right/000011_thr.png").read_bytes()
    theirs = np.asarray(PIL.Image.open(io.BytesIO(official)))
    np.testing.assert_array_equal(sample.images["lwir_right"].squeeze(), theirs)
    assert (pixels_of(official).min(), theirs.max()) == (3052, 5939)
