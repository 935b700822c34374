"""SemanticRT: lists of the test split's subsets become attributes."""

import numpy as np
import pytest

from rgbtbench.cards import protocol
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError
from tests.formats.files import file_of, noise, pixels_of, put

SOURCE = dataset("semanticrt")
UNKNOWN = {"time_of_day": None, "mc": None, "mo": None, "hard": None}


def tree(root, lists):
    for name, stems in lists.items():
        put(root, f"{name}.txt", "".join(f"{stem}\n" for stem in stems))
        for stem in stems:
            put(root, f"rgb/{stem}.jpg", file_of(noise(channels=3), "jpeg"))
            put(root, f"thermal/{stem}.jpg", file_of(np.dstack([noise()] * 3), "jpeg"))
            put(root, f"labels/{stem}.png", file_of(noise(below=13)))
    return root


def entries(root):
    return list(SOURCE.entries(root, recognise(SOURCE, root)))


def test_subsets_of_the_test_split_are_attributes(tmp_path):
    lists = {"train": ["img_00001"], "test": ["img_00002", "img_00003", "img_00004"]}
    lists |= {"test_day": ["img_00003"], "test_night": ["img_00002"], "test_hard": ["img_00002", "img_00003"]}
    found = {entry.key: entry.attributes for entry in entries(tree(tmp_path, lists))}
    assert found == {
        "img_00001": UNKNOWN,
        "img_00002": UNKNOWN | {"time_of_day": "night", "hard": True},
        "img_00003": UNKNOWN | {"time_of_day": "day", "hard": True},
        "img_00004": UNKNOWN | {"hard": False},
    }


def test_an_image_cannot_be_of_day_and_of_night(tmp_path):
    tree(tmp_path, {"test": ["a"], "test_day": ["a"], "test_night": ["a"]})
    with pytest.raises(InputFileError, match=r"the lists put 'a' into day and night"):
        entries(tmp_path)


def test_a_subset_of_another_split_is_an_error(tmp_path):
    tree(tmp_path, {"train": ["b"], "test": ["a"], "test_mo": ["b"]})
    with pytest.raises(InputFileError, match=r"test_mo\.txt: names 1 ids that its split does not have, such as 'b'"):
        entries(tmp_path)


def test_jpeg_files_keep_their_bytes_and_labels_their_ids(tmp_path):
    tree(tmp_path, {"val": ["img_00001"]})
    (entry,) = entries(tmp_path)
    pair = SOURCE.pair(tmp_path, SOURCE.layouts[0], entry)
    assert pair.images["lwir"].data == (tmp_path / "thermal/img_00001.jpg").read_bytes()
    assert pair.images["lwir"].channels == 3
    np.testing.assert_array_equal(pixels_of(pair.labels["semantic"].data), noise(below=13))


def test_background_is_scored_and_the_subsets_are_reported():
    for name in ("miou-13", "miou-13-union"):
        rules = protocol(f"semanticrt/{name}")
        assert rules.rules.background == "included"
        assert rules.report_by == ("time_of_day", "mc", "mo", "hard")
