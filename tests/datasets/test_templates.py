"""Layouts as tables: paths from stems, from their parts, and from splits."""

import re

import pytest

from rgbtbench.datasets.source import recognise
from rgbtbench.datasets.templates import TemplatedSource, template
from rgbtbench.errors import InputFileError, LayoutError
from tests.formats.files import put

SPLITS = {"train": "day", "test": "night"}


class Street(TemplatedSource):
    """Images lie in a folder for each video, labels in one for each split."""

    name = "mfnet"
    stem = re.compile(r"(?P<video>v[0-9])_(?P<frame>[0-9]+)\.png")
    layouts = (
        template(
            "official",
            {"rgb": "images/{video}/{frame}.jpg", "semantic": "labels/{split}/{stem}"},
            splits=SPLITS,
            marks=("images",),
        ),
        template(
            "listed",
            {"rgb": "pictures/{video}/{frame}.jpg", "semantic": "labels/{stem}"},
            splits=SPLITS,
            lists="{split}.txt",
        ),
    )

    def official_id(self, split, stem):
        return stem.removesuffix(".png")

    def fake_stems(self, split, numbers):
        return (f"v1_{number}.png" for number in numbers)


SOURCE = Street()


def entries(root):
    return list(SOURCE.entries(root, recognise(SOURCE, root)))


def test_parts_of_the_stem_stand_in_paths(tmp_path):
    put(tmp_path, "pictures/v1/7.jpg", "x")
    put(tmp_path, "labels/v1_7.png", "x")
    put(tmp_path, "night.txt", "v1_7.png\n")
    (entry,) = entries(tmp_path)
    assert (entry.key, entry.split) == ("v1_7", "test")
    assert entry.files == {"rgb": "pictures/v1/7.jpg", "semantic": "labels/v1_7.png"}


def test_files_named_by_the_whole_stem_decide_what_a_split_holds(tmp_path):
    for frame in (10, 9):
        put(tmp_path, f"labels/day/v1_{frame}.png", "x")
    put(tmp_path, "images/v1/9.jpg", "x")
    put(tmp_path, "images/v1/11.jpg", "x")
    assert [(entry.split, entry.key) for entry in entries(tmp_path)] == [("train", "v1_9"), ("train", "v1_10")]


def test_a_layout_is_drawn_with_its_splits_and_the_names_of_the_parts():
    official, listed = SOURCE.layouts
    assert official.tree == "images/<video>/<frame>.jpg, labels/{day,night}/<stem>"
    assert official.marks == ("images/*", "labels/*", "images")
    assert listed.tree == "pictures/<video>/<frame>.jpg, labels/<stem> and the lists day.txt, night.txt"


def test_a_line_that_is_no_stem_is_an_error_before_any_path_is_made(tmp_path):
    put(tmp_path, "pictures/v1/7.jpg", "x")
    put(tmp_path, "labels/v1_7.png", "x")
    put(tmp_path, "night.txt", "../v1_7.png\n")
    with pytest.raises(InputFileError, match=r"night\.txt:1: '\.\./v1_7\.png' is no id"):
        entries(tmp_path)


def test_an_empty_tree_says_where_samples_were_looked_for(tmp_path):
    (tmp_path / "images/v1").mkdir(parents=True)
    (tmp_path / "labels/other").mkdir(parents=True)
    with pytest.raises(
        LayoutError, match=r"the folders hold no samples; expected labels/day/<stem> or labels/night/<stem>"
    ):
        entries(tmp_path)
