"""MVSeg: lists of videos, labels of single frames, images whose ending differs by video."""

import numpy as np
import pytest

from rgbtbench.cards import dataset_card, protocol
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError, LabelError, LayoutError
from rgbtbench.formats.image_file import read_raster
from tests.formats.files import file_of, noise, palette_file, pixels_of, put

SOURCE = dataset("mvseg")


def video(root, name, *, frames=(1, 2, 3), labelled=(2,), ending="jpg", labels=None):
    kind = {"jpg": "jpeg", "png": "png"}[ending]
    for frame in frames:
        put(root, f"data/{name}/visible/{frame:05d}v.{ending}", file_of(noise(channels=3), kind))
        put(root, f"data/{name}/infrared/{frame:05d}i.{ending}", file_of(noise(channels=3, seed=1), kind))
        if frame in labelled:
            put(
                root, f"data/{name}/label/{frame:05d}l.png", palette_file(noise(below=26) if labels is None else labels)
            )
    return root


def lists(root, **videos):
    for name, names in videos.items():
        put(root, f"{name}.txt", "".join(f"{video}\n" for video in names))
    return root


def entries(root):
    return list(SOURCE.entries(root, recognise(SOURCE, root)))


def pairs(root):
    return [SOURCE.pair(root, SOURCE.layouts[0], entry) for entry in entries(root)]


def test_labelled_frames_are_samples_and_their_video_is_the_cluster(tmp_path):
    video(tmp_path, "INO_ClosePerson1", frames=(236, 237, 238), labelled=(237, 238))
    video(tmp_path, "kaist.1", labelled=(3,))
    found = entries(lists(tmp_path, test=["kaist.1", "INO_ClosePerson1"]))
    assert [(entry.order, entry.key, entry.official_id, entry.cluster) for entry in found] == [
        (0, "kaist_1/00003", "kaist.1/00003", "kaist.1"),
        (1, "INO_ClosePerson1/00237", "INO_ClosePerson1/00237", "INO_ClosePerson1"),
        (2, "INO_ClosePerson1/00238", "INO_ClosePerson1/00238", "INO_ClosePerson1"),
    ]


def test_a_split_of_one_format_keeps_its_bytes(tmp_path):
    for ending, split in (("jpg", "train"), ("png", "test")):
        video(tmp_path, ending, ending=ending)
        lists(tmp_path, **{split: [ending]})
    for pair in pairs(tmp_path):
        for image in pair.images.values():
            assert image.conversion is None
            assert image.data == (tmp_path / image.source).read_bytes()


def test_in_a_split_of_both_formats_all_images_are_png_with_the_same_pixels(tmp_path):
    video(tmp_path, "a")
    video(tmp_path, "b", ending="png")
    first, second = pairs(lists(tmp_path, train=["a", "b"]))
    assert first.images["rgb"].source == "data/a/visible/00002v.jpg"
    assert first.images["rgb"].conversion == "JPEG as PNG, which others of its split are"
    decoded, header = read_raster(tmp_path, "data/a/visible/00002v.jpg")
    assert header.format == "jpg"
    np.testing.assert_array_equal(pixels_of(first.images["rgb"].data), decoded)
    assert second.images["lwir"].data == (tmp_path / "data/b/infrared/00002i.png").read_bytes()
    assert {image.extension for pair in (first, second) for image in pair.images.values()} == {"png"}


def test_the_indices_of_a_palette_are_the_ids(tmp_path):
    (pair,) = pairs(lists(video(tmp_path, "a"), val=["a"]))
    mask = pair.labels["semantic"]
    np.testing.assert_array_equal(pixels_of(mask.data), noise(below=26))
    assert mask.conversion


def test_255_stays_255_and_is_no_ground(tmp_path):
    labels = noise(below=26)
    labels[:4] = 255
    (pair,) = pairs(lists(video(tmp_path, "a", labels=labels), val=["a"]))
    np.testing.assert_array_equal(pixels_of(pair.labels["semantic"].data), labels)
    assert dataset_card("mvseg").label_sets["semantic"].ignore_ids == (255,)


def test_an_id_above_25_is_an_error(tmp_path):
    video(tmp_path, "a", labels=np.full((13, 17), 26, np.uint8))
    with pytest.raises(LabelError, match=r"a/label/00002l\.png: holds id 26 on 221 pixels, which the card mvseg"):
        pairs(lists(tmp_path, val=["a"]))


def test_day_and_night_of_the_test_split_are_lists_of_videos(tmp_path):
    for name in "abc":
        video(tmp_path, name)
    lists(tmp_path, train=["a"], test=["b", "c"], test_day=["c"], test_night=["b"])
    assert [entry.attributes["time_of_day"] for entry in entries(tmp_path)] == [None, "night", "day"]


def test_a_day_list_with_a_training_video_is_an_error(tmp_path):
    for name in "ab":
        video(tmp_path, name)
    lists(tmp_path, train=["a"], test=["b"], test_day=["a"])
    with pytest.raises(InputFileError, match=r"test_day\.txt: names 1 ids that its split does not have, such as 'a'"):
        entries(tmp_path)


def test_a_listed_video_that_is_not_there_is_an_error(tmp_path):
    lists(video(tmp_path, "a"), train=["a", "gone"])
    with pytest.raises(InputFileError, match=r"data/gone/label: no such folder, although a list names its video"):
        entries(tmp_path)


def test_a_labelled_frame_without_its_thermal_image_is_named(tmp_path):
    video(tmp_path, "a")
    (tmp_path / "data/a/infrared/00002i.jpg").unlink()
    with pytest.raises(InputFileError, match=r"infrared/00002i\.jpg: missing, while its twin"):
        pairs(lists(tmp_path, train=["a"]))


def test_a_tree_without_lists_says_which_are_wanted(tmp_path):
    video(tmp_path, "a")
    with pytest.raises(LayoutError, match=r"no list names the videos; expected train\.txt, val\.txt or test\.txt"):
        entries(tmp_path)


def test_a_video_name_cannot_lead_elsewhere(tmp_path):
    lists(video(tmp_path, "a"), train=["../a"])
    with pytest.raises(InputFileError, match=r"train\.txt:1: '\.\./a' is no id of this dataset"):
        entries(tmp_path)


def test_background_is_scored():
    assert protocol("mvseg/miou-26").rules.background == "included"
    assert protocol("mvseg/miou-26-union").rules.absent == "union"
